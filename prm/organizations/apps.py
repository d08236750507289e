from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "prm.organizations"
    verbose_name = "Portals and organizations"

    def ready(self) -> None:
        from prm.organizations import home  # noqa: F401  (registers what it adds)
