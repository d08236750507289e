"""What has no setting, and takes too long for a short test."""

from datetime import timedelta

from django.apps import AppConfig


class QuickLeases(AppConfig):
    name = "tests.faults"

    def ready(self) -> None:
        """What a killed worker has claimed goes to the next one sooner, and so on."""
        from prm.events import consumer, delivery
        from prm.serving import health

        delivery.LEASE = timedelta(seconds=5)  # more than EMAIL_TIMEOUT, as there
        consumer.LOOK_EVERY, consumer.DEAF_AFTER = 1, 15
        health.WRONG_CLOCK_KEPT = 5
