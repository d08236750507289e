"""What has no setting, and takes too long for a short test."""

from datetime import timedelta

from django.apps import AppConfig


class QuickLeases(AppConfig):
    name = "tests.faults"

    def ready(self) -> None:
        """What a killed worker has claimed goes to the next one sooner."""
        from prm.events import delivery

        delivery.LEASE = timedelta(seconds=5)  # more than EMAIL_TIMEOUT, as there
