"""Verbs about a portal as a whole: how it looks, and whether it is open."""

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from prm.actions import Refused, apply_values
from prm.events.due import Bell
from prm.events.models import DueWork, Event
from prm.events.record import Actor, record
from prm.files.actions import keep_file, remove_file
from prm.files.models import StoredFile
from prm.organizations.context import active_portal, inside
from prm.organizations.models import Organization, Portal
from prm.users.access import Permission, require

log = logging.getLogger(__name__)

EDITABLE = frozenset({"name", "brand", "hue"})


@transaction.atomic
def change_portal(
    *, values: Mapping[str, Any], by: Actor, logo: bytes | None = None, without_logo: bool = False
) -> Portal:
    """Change the active portal's name, brand colour and hue; `logo` is a PNG (`pictures.as_png`).

    Raises NotStored when the disk does not take the logo.
    """
    require(by, Permission.MANAGE_PORTAL)
    portal = _locked(active_portal())
    changes = apply_values(portal, {field: value for field, value in values.items() if field in EDITABLE})
    if logo is not None or without_logo:
        changes |= apply_values(portal, {"logo": hashlib.sha256(logo).hexdigest() if logo else ""})
    if "logo" in changes:
        _change_logo(logo, by)
    if changes:
        portal.save(update_fields=sorted(changes))
        record(Event.Kind.SETTINGS_CHANGED, portal, by=by, changes=changes)
    return portal


def _change_logo(logo: bytes | None, by: Actor) -> None:
    earlier = list(StoredFile.objects.filter(purpose=StoredFile.Purpose.LOGO))
    if logo is not None:
        vendor = Organization.objects.get(kind=Organization.Kind.VENDOR)
        keep_file(logo, purpose=StoredFile.Purpose.LOGO, organization=vendor, content_type="image/png", by=by)
    for file in earlier:
        remove_file(file)


def suspend_portal(portal: Portal, *, by: Actor) -> Portal:
    """Shut the portal: every page and API call is refused, deliveries wait. Nothing is deleted."""
    with inside(portal):
        return _set_open(portal, False, by, _("%(name)s is suspended already."))


def resume_portal(portal: Portal, *, by: Actor) -> Portal:
    """Open a suspended portal again. Sessions go on where they have not lapsed; deliveries go out now."""
    with inside(portal):
        portal = _set_open(portal, True, by, _("%(name)s is not suspended."))
        DueWork.objects.create(portal=portal, due_at=Now())
        transaction.on_commit(Bell(portal.pk))
        return portal


def _set_open(portal: Portal, is_open: bool, by: Actor, already: str) -> Portal:
    portal = _locked(portal)
    if portal.is_active == is_open:
        raise Refused(already % {"name": portal.name})
    portal.is_active = is_open
    portal.save(update_fields=["is_active"])
    record(Event.Kind.PORTAL_RESUMED if is_open else Event.Kind.PORTAL_SUSPENDED, portal, by=by)
    log.warning("portal resumed" if is_open else "portal suspended", extra={"portal": portal.slug})
    return portal


def _locked(portal: Portal) -> Portal:
    return Portal.objects.select_for_update().get(pk=portal.pk)
