"""Secrets at rest: read by a key on the list, by nothing else."""

import pytest
from pytest_django import Settings

from prm.serving.secrets import Unreadable, decrypt, encrypt, rotated

OLD, NEW = "an old key of thirty-two letters!", "a new key of thirty-two letters!!"


def test_secret_is_encrypted_differently_each_time() -> None:
    first, second = encrypt("JBSWY3DP"), encrypt("JBSWY3DP")

    assert first != second
    assert "JBSWY3DP" not in first + second
    assert decrypt(first) == decrypt(second) == "JBSWY3DP"


def test_keys_are_rotated(settings: Settings) -> None:
    settings.PRM_ENCRYPTION_KEYS = [OLD]
    before = encrypt("kept")
    settings.PRM_ENCRYPTION_KEYS = [NEW, OLD]
    after = rotated(before)

    assert (decrypt(before), decrypt(after)) == ("kept", "kept")
    settings.PRM_ENCRYPTION_KEYS = [NEW]
    assert decrypt(after) == "kept"
    with pytest.raises(Unreadable):
        decrypt(before)
    with pytest.raises(Unreadable):
        rotated(before)


@pytest.mark.parametrize("broken", ["", "x", "JBSWY3DP"])
def test_what_was_never_encrypted_is_unreadable(broken: str) -> None:
    with pytest.raises(Unreadable):
        decrypt(broken)


def test_altered_secret_is_unreadable() -> None:
    made = encrypt("kept")

    with pytest.raises(Unreadable):
        decrypt(made[:-6] + ("A" if made[-6] != "A" else "B") + made[-5:])
