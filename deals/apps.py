from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DealsConfig(AppConfig):
    name = "deals"
    verbose_name = _("Deals")

    def ready(self) -> None:
        from deals import emails, home, lists, outcomes, resellers, search, settings, timeline  # noqa: F401  (each registers what it adds)  # noqa: F401
