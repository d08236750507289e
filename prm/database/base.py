"""Django's Postgres backend, told that `id` alone is no primary key here."""

from django.db.backends.postgresql import base, features


class DatabaseFeatures(features.DatabaseFeatures):
    # GROUP BY "id" suffices only where the database's key is id; ours is (portal_id, id).
    allows_group_by_selected_pks = False


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
