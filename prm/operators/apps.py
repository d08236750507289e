from django.apps import AppConfig


class OperatorsConfig(AppConfig):
    name = "prm.operators"
    verbose_name = "What operators do"

    def ready(self) -> None:
        from prm.operators import checks  # noqa: F401  (registers them)
