"""No answer counts twice, and whoever is not let in leaves a trace."""

import hashlib
import logging
from datetime import timedelta

from django.utils import timezone

from prm.events.models import Event
from prm.events.record import record
from prm.sso.models import IdentityProvider, LookedAt

logger = logging.getLogger(__name__)
KEPT = timedelta(days=1)  # an answer belongs to a question, and questions last ten minutes


def is_first_look(provider: IdentityProvider, answer: str) -> bool:
    """Whether this answer is looked at for the first time; from now on it was, whatever comes of it."""
    LookedAt.objects.filter(at__lt=timezone.now() - KEPT).delete()
    _row, is_first = LookedAt.objects.get_or_create(provider=provider, digest=_digest(answer))
    return bool(is_first)


def was_looked_at(provider: IdentityProvider, answer: str) -> bool:
    found: bool = LookedAt.objects.filter(provider=provider, digest=_digest(answer)).exists()
    return found


def note_refusal(provider: IdentityProvider, code: str, *, answer: str, email: str = "") -> None:
    """The audit entry. An answer that comes again and again is noted once, so that it cannot fill the log."""
    logger.warning("Single sign-on refused: %s (%s)", code, provider.slug)
    if code == "reused":
        rows = LookedAt.objects.filter(provider=provider, digest=_digest(answer), is_reuse_noted=False)
        if not rows.update(is_reuse_noted=True):
            return
    changes = {"email": ("", email)} if email else None
    facts = {"reason": code, "provider": provider.name}
    record(Event.Kind.SSO_REFUSED, provider, by=None, facts=facts, changes=changes)


def _digest(answer: str) -> str:
    return hashlib.sha256(answer.encode(errors="replace")).hexdigest()
