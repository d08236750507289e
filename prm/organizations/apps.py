from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "prm.organizations"
    verbose_name = "Portals and organizations"

    def ready(self) -> None:
        from prm.organizations import bulk, home, lists, search  # noqa: F401  (each registers what it adds)
