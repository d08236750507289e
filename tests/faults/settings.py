"""The product's settings with a quicker pulse, for faults of seconds. `make soak` keeps the real one."""

import os
from datetime import timedelta

from prm.settings import *  # noqa: F403
from prm.settings import CELERY_BEAT_SCHEDULE, INSTALLED_APPS

if not os.environ.get("PRM_SOAK"):
    CELERY_BEAT_SCHEDULE["sweep"]["schedule"] = timedelta(seconds=2)
    CELERY_BEAT_SCHEDULE["heartbeat"]["schedule"] = timedelta(seconds=2)
    EMAIL_TIMEOUT = 2
    INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.apps.QuickLeases"]
