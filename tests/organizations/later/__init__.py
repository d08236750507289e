"""Migrations of leads that are still to come: the real ones, and after them those in this folder.

Used as `MIGRATION_MODULES["leads"]` by tests/organizations/test_migrating.py.
"""

from leads import migrations

__path__ = [*__path__, *migrations.__path__]
