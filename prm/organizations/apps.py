from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "prm.organizations"
    verbose_name = "Portals and organizations"
