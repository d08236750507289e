from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "prm.users"
    verbose_name = "People"

    def ready(self) -> None:
        from prm.users import bulk, emails, lists, search  # noqa: F401  (each registers what it adds)
