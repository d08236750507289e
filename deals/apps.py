from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DealsConfig(AppConfig):
    name = "deals"
    verbose_name = _("Deals")

    def ready(self) -> None:
        from deals import (  # noqa: F401  (each registers what it adds)
            bulk,
            emails,
            home,
            lists,
            outcomes,
            resellers,
            search,
            settings,
            timeline,
        )
