"""Mail in these tests goes into files, as in development; the access matrix lends its stage."""

from pathlib import Path

import pytest
from pytest_django import Settings

from prm.events.delivery import deliver_due
from tests.cast import Cast
from tests.guards.conftest import quiet_and_still, stage

__all__ = ["mailbox", "quiet_and_still", "stage"]


@pytest.fixture
def mailbox(cast: Cast, settings: Settings, tmp_path: Path) -> Path:
    """An empty one; what waited before is sent elsewhere."""
    deliver_due(cast.acme)
    deliver_due(cast.globex)
    settings.EMAIL_BACKEND = "prm.events.mail_files.EmailBackend"
    settings.EMAIL_FILE_PATH = settings.PRM_MAIL_DIR = str(tmp_path)
    return tmp_path
