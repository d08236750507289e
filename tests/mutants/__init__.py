"""Small sabotages of the product, each of which the suite has to notice."""

from tests.mutants import accounts, details, doors, long_runs, outbox, rights, walls

MUTANTS = [
    *walls.MUTANTS,
    *rights.MUTANTS,
    *doors.MUTANTS,
    *accounts.MUTANTS,
    *details.MUTANTS,
    *outbox.MUTANTS,
    *long_runs.MUTANTS,
]
