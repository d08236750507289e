"""The walls' rings, one by one switched off: docs/adr/0001-walls.md."""

import pytest
from django.db import models

from prm.organizations import fence
from prm.organizations.fence import FencedManager
from prm.organizations.kept import Kept


def drop_orm_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ring is gone until the end of the test, from the queries that are kept as well."""
    monkeypatch.setattr(FencedManager, "get_queryset", models.Manager.get_queryset)
    monkeypatch.setattr(fence, "_refuse_foreign", lambda row: None)
    for query in Kept.every:
        monkeypatch.setattr(query, "_written", None)
