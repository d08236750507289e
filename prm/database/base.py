"""Django's Postgres backend, told that `id` alone is no primary key here, how far to plan, and when to give up."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql import base, features

from prm.database import patience

PLANNING = "-c join_collapse_limit=4"
"""Of more joins than four the others stay as Django writes them, from the narrowed table on. To weigh every order
of a deal's seven took Postgres 10 ms, and what it then did 1 ms."""


class DatabaseFeatures(features.DatabaseFeatures):
    # GROUP BY "id" suffices only where the database's key is id; ours is (portal_id, id).
    allows_group_by_selected_pks = False


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures

    def get_connection_params(self) -> dict[str, Any]:
        """The owner's work has no limits: a migration takes as long as it takes."""
        params: dict[str, Any] = super().get_connection_params()
        params["options"] = f"{params.get('options', '')} {PLANNING}".strip()
        return patience.parameters(params) if self.alias == DEFAULT_DB_ALIAS else params

    def connect(self) -> None:
        with patience.for_a_connection():
            super().connect()

    def is_usable(self) -> bool:
        with patience.for_a_connection():
            return bool(super().is_usable())
