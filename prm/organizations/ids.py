"""Identifiers: UUIDv7 for rows, short codes for portals."""

import secrets
import time
import uuid

CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without the letters and digits people mix up


def uuid7() -> uuid.UUID:
    """A version 7 UUID (RFC 9562, 5.7): 48 bits of Unix milliseconds, then random bits. Sorts by time."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return uuid.UUID(int=value)


def short_code() -> str:
    """Six characters with which a portal's public tokens begin."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(6))
