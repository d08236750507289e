"""A message with a way back: its toast has a button that undoes what was just done."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest


def offer_undo(request: HttpRequest, words: str, *, path: str, **fields: object) -> None:
    """Say what was done; the button posts `fields` to `path`, a verb that checks for itself who may."""
    sent = {name: str(value) for name, value in fields.items()}
    messages.success(request, words, extra_tags=json.dumps({"path": path, "fields": sent}))


def undo_of(message: Message) -> dict[str, Any] | None:
    """Where a message's button posts what, if it has one."""
    if not message.extra_tags:
        return None
    found: dict[str, Any] = json.loads(message.extra_tags)
    return found
