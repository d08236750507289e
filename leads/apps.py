from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = _("Leads")

    def ready(self) -> None:
        from leads import bulk, emails, flow, home, lists, resellers, search, settings, sign_in, timeline  # noqa: F401  (each registers what it adds)  # noqa: F401
