"""Small sabotages of the product, each of which the suite has to notice."""

from tests.mutants import details, doors, outbox, rights, walls

MUTANTS = [*walls.MUTANTS, *rights.MUTANTS, *doors.MUTANTS, *details.MUTANTS, *outbox.MUTANTS]
