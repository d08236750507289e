from django.apps import AppConfig


class SingleSignOnConfig(AppConfig):
    name = "prm.sso"
    verbose_name = "Single sign-on"

    def ready(self) -> None:
        from prm.sso import emails  # noqa: F401  (registers its notices)
