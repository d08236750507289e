"""People sign in, and fail to, in these tests: how often is counted in the cache."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def nobody_failed_before() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()
