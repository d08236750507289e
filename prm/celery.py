"""The Celery app. It only rings the bell: work is rows in Postgres, see prm/events/delivery.py."""

import os
import sys

from celery import Celery
from celery.signals import beat_init, worker_init, worker_ready
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")

app = Celery("prm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def _check_role(**kwargs: object) -> None:
    from prm.operators.checks import refuse_unsafe_settings
    from prm.organizations.context import refuse_wrong_role

    try:
        refuse_unsafe_settings()
        refuse_wrong_role()
    except ImproperlyConfigured as error:  # Celery's signals note an exception and go on
        sys.exit(str(error))


@worker_init.connect
def _have_patience(**kwargs: object) -> None:
    from prm.database import patience

    patience.have(patience.WORK)  # the processes forked from here inherit it


@worker_ready.connect
def _first_heartbeat(**kwargs: object) -> None:
    from django.db import connection

    from prm.serving.health import beat_heart

    beat_heart()
    connection.close()  # this process only hands out work, and asks the database nothing


@worker_ready.connect
def _watch_its_hearing(**kwargs: object) -> None:
    from prm.events import consumer

    consumer.watch()
