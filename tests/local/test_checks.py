"""The checks of `make check`, so that one summary line tells of them and of the tests."""

import pytest

from prm.local import checks


@pytest.mark.parametrize("name", checks.CHECKS)
def test_check(name: str) -> None:
    finding = checks.check(name)
    assert finding.is_fine, finding.output
