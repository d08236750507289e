"""Secrets at rest: what a stolen copy of the database must not give away.

PRM_ENCRYPTION_KEYS is a list: the first encrypts, all of them decrypt. To rotate, put a new key in
front, let `rotated` write what is there anew, then drop the old one.
"""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """Encrypted with a key that is no longer on the list, or altered since."""


def encrypt(text: str) -> str:
    """ASCII, authenticated, different every time."""
    return _ring(tuple(settings.PRM_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """The text. Raises Unreadable."""
    try:
        return _ring(tuple(settings.PRM_ENCRYPTION_KEYS)).decrypt(encrypted.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("No key of PRM_ENCRYPTION_KEYS opens this.") from error


def rotated(encrypted: str) -> str:
    """The same text under the first key. Raises Unreadable."""
    try:
        return _ring(tuple(settings.PRM_ENCRYPTION_KEYS)).rotate(encrypted.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("No key of PRM_ENCRYPTION_KEYS opens this.") from error


@cache
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    """Any long random text will do as a key; Fernet wants 32 bytes of it in its own spelling."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"prm secrets at rest")
    return base64.urlsafe_b64encode(kdf.derive(key.encode()))
