"""The product's settings with a quicker pulse, so that a fault is over in seconds; `make soak` keeps the real one."""

import os
from datetime import timedelta

from prm.settings import *  # noqa: F403
from prm.settings import CELERY_BEAT_SCHEDULE

if not os.environ.get("PRM_SOAK"):
    CELERY_BEAT_SCHEDULE["sweep"]["schedule"] = timedelta(seconds=2)
    CELERY_BEAT_SCHEDULE["heartbeat"]["schedule"] = timedelta(seconds=2)
    EMAIL_TIMEOUT = 2
