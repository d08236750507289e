from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "prm.events"
    verbose_name = "Events and deliveries"

    def ready(self) -> None:
        import prm.celery  # noqa: F401  (tasks bind to this app)
        from prm.events import bulk, home, lists  # noqa: F401  (each registers what it adds)
