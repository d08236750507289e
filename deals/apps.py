from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DealsConfig(AppConfig):
    name = "deals"
    verbose_name = _("Deals")

    def ready(self) -> None:
        from deals import bulk, emails, home, lists, outcomes, search, settings, timeline  # noqa: F401  (each registers)
