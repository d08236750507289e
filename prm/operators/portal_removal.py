"""The end of a portal: every row and file that is its own, and the accounts that were only there for it.

Done as the owner, since events may only be added to otherwise. Each step is a transaction of its own that
leaves a portal which can be removed further: whoever is killed runs it again.
"""

import logging
import shutil
import uuid
from collections import Counter
from collections.abc import Iterable

from django.db import models
from django.db.backends.utils import CursorWrapper

from prm.actions import Refused
from prm.files import store
from prm.operators.tables import columns_to, fenced_models, is_circle, removal_order, shared_children
from prm.organizations.fence import FencedModel
from prm.organizations.models import Portal
from prm.organizations.owner import transaction_seeing_all
from prm.users.models import Membership, User

BATCH = 5000

log = logging.getLogger(__name__)


def remove_portal(portal: Portal) -> Counter[str]:
    """Remove a suspended portal for good. Returns how many rows went, by model; the portal itself goes last."""
    if Portal.objects.get(pk=portal.pk).is_active:
        raise Refused("A portal is suspended before it is deleted: `manage.py portal suspend` first.")
    removed: Counter[str] = Counter()
    for group in removal_order():
        if is_circle(group):
            _remove_batch(group, portal, removed, limit=None)
            continue
        while _remove_batch(group, portal, removed, limit=BATCH):
            pass
    shutil.rmtree(store.folder() / str(portal.pk), ignore_errors=True)
    with transaction_seeing_all() as cursor:
        _remove_cascading(cursor, Portal, [portal.pk], removed)
    log.warning("portal deleted", extra={"portal": portal.slug, "rows": removed.total()})
    return removed


def _remove_batch(
    group: list[type[FencedModel]], portal: Portal, removed: Counter[str], *, limit: int | None
) -> int:
    """Remove rows of these tables, and the accounts whose last membership goes. Returns how many rows went."""
    gone: Counter[str] = Counter()
    with transaction_seeing_all() as cursor:
        for model in group:
            table = model._meta.db_table
            returning = "user_id" if model is Membership else "id"
            cursor.execute(
                f'DELETE FROM "{table}" WHERE portal_id = %s AND id IN'  # noqa: S608  the models' own names
                f' (SELECT id FROM "{table}" WHERE portal_id = %s ORDER BY id LIMIT %s) RETURNING {returning}',
                [portal.pk, portal.pk, limit],
            )
            ids = [row[0] for row in cursor.fetchall()]
            gone[model._meta.label] += len(ids)
            if model is Membership:
                _remove_accounts(cursor, ids, gone)
    removed.update(gone)
    return gone.total()


def _remove_accounts(cursor: CursorWrapper, ids: list[uuid.UUID], removed: Counter[str]) -> None:
    """Those of the accounts that belong to no portal any more. Operators' accounts stay."""
    elsewhere = " AND ".join(
        f'NOT EXISTS (SELECT FROM "{model._meta.db_table}" t WHERE t."{column}" = u.id)'
        for model in fenced_models()
        for column in columns_to(model, User)
    )
    cursor.execute(
        f"SELECT id FROM {User._meta.db_table} u WHERE id = ANY(%s) AND NOT is_staff AND {elsewhere}",  # noqa: S608
        [ids],
    )
    _remove_cascading(cursor, User, [row[0] for row in cursor.fetchall()], removed)


def _remove_cascading(
    cursor: CursorWrapper, model: type[models.Model], ids: Iterable[object], removed: Counter[str]
) -> None:
    """Remove shared rows, and first whatever shared rows refer to them."""
    ids = list(ids)
    if not ids:
        return
    for child, column in shared_children(model):
        key = child._meta.pk.column
        cursor.execute(
            f'SELECT "{key}" FROM "{child._meta.db_table}" WHERE "{column}" = ANY(%s)',  # noqa: S608
            [ids],
        )
        _remove_cascading(cursor, child, [row[0] for row in cursor.fetchall()], removed)
    cursor.execute(
        f'DELETE FROM "{model._meta.db_table}" WHERE "{model._meta.pk.column}" = ANY(%s)',  # noqa: S608
        [ids],
    )
    removed[model._meta.label] += len(ids)
