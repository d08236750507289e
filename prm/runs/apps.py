from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RunsConfig(AppConfig):
    name = "prm.runs"
    verbose_name = _("Long runs")

    def ready(self) -> None:
        from prm.events.due import WORKS
        from prm.runs import exports, working  # noqa: F401  (exports registers its kind)

        WORKS.append(working.WORK)
