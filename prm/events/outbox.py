"""Reads the files that Django's file mail backend writes in development."""

import email
import email.policy
import email.utils
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

MOST = 200
_NAME = re.compile(r"^[\w.-]+\.log$")
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Mail:
    name: str
    subject: str
    to: str
    at: datetime
    portal: str
    text: str

    @property
    def parts(self) -> list[tuple[bool, str]]:
        """The text cut into `(is a link, piece)`, so that a page can show links to follow."""
        pieces, end = [], 0
        for match in _LINK.finditer(self.text):
            pieces += [(False, self.text[end : match.start()]), (True, match.group())]
            end = match.end()
        return [*pieces, (False, self.text[end:])]


def is_shown() -> bool:
    return not settings.IS_PRODUCTION and bool(settings.PRM_MAIL_DIR)


def mails(portal: str = "") -> list[Mail]:
    """The newest mails first, of one portal or of all."""
    folder = Path(settings.PRM_MAIL_DIR)
    files = sorted(folder.glob("*.log"), key=lambda f: f.stat().st_mtime, reverse=True) if folder.is_dir() else []
    found = [_read(path) for path in files[:MOST]]
    return [m for m in found if m is not None and _is_of(m, portal)]


def mail(name: str, portal: str = "") -> Mail | None:
    """One mail by its file's name, if it is of this portal or of none."""
    path = Path(settings.PRM_MAIL_DIR) / name
    found = _read(path) if _NAME.match(name) and path.is_file() else None
    return found if found and _is_of(found, portal) else None


def _is_of(mail: Mail, portal: str) -> bool:
    return not portal or mail.portal in {portal, ""}


def _read(path: Path) -> Mail | None:
    """The mail in a file; None while the worker is still writing it."""
    raw = path.read_bytes().rpartition(b"-" * 79)[0] or path.read_bytes()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    if not message["Date"]:
        return None
    body = message.get_body(("plain",))
    return Mail(
        name=path.name,
        subject=str(message["Subject"] or ""),
        to=str(message["To"] or ""),
        at=email.utils.parsedate_to_datetime(str(message["Date"])).replace(tzinfo=UTC),  # Django writes -0000
        portal=str(message["X-Portal"] or ""),
        text=str(body.get_content()) if body else "",
    )
