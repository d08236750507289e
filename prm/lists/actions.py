"""Verbs about saved views and the columns a person sees. They change how somebody looks at rows, and no row.

So nothing of this is an event: there is nothing in it that anybody else would have to hear of or answer for.
"""

from collections.abc import Iterable

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from prm.actions import Refused, unique
from prm.lists.listing import Listing, listing
from prm.lists.models import LONGEST_QUERY, ListChoice, SavedView
from prm.users.models import Group, Membership

MOST = 50
"""Saved views of one person in one list."""


@transaction.atomic
def save_view(
    declared: Listing, *, name: str, query: QueryDict, by: Membership, shared_with: Group | None = None
) -> SavedView:
    """Keep a list's query under a name. Raises InvalidParameter for a query that means nothing here."""
    own = SavedView.objects.filter(owner=by, list_name=declared.name)
    if own.count() >= MOST:
        raise Refused(_("You have %(most)d views of this list. Delete one first.") % {"most": MOST})
    view = SavedView(owner=by, list_name=declared.name, name=name, query=_kept(declared, query, by))
    view.shared_with = _own_group(shared_with, by)
    with unique(_("You have a view of this name already.")):
        view.save()
    return view


@transaction.atomic
def change_view(view: SavedView, *, name: str, shared_with: Group | None, by: Membership) -> SavedView:
    """Rename it, share it with a group one is in, or keep it to oneself again."""
    view = _own(view, by)
    view.name, view.shared_with = name, _own_group(shared_with, by)
    with unique(_("You have a view of this name already.")):
        view.save(update_fields=["name", "shared_with"])
    return view


@transaction.atomic
def keep_query(view: SavedView, *, query: QueryDict, by: Membership) -> SavedView:
    """From now on the view stands for this query. Raises InvalidParameter for one that means nothing."""
    view = _own(view, by)
    view.query = _kept(listing(view.list_name), query, by)
    view.save(update_fields=["query"])
    return view


@transaction.atomic
def delete_view(view: SavedView, *, by: Membership) -> None:
    """Whoever began with it begins with the whole list again."""
    _own(view, by).delete()


@transaction.atomic
def choose_default(declared: Listing, *, view: SavedView | None, by: Membership) -> None:
    """The view that this person's list begins with; None for the whole list."""
    if view is not None and (view.list_name != declared.name or not _is_seen(view, by)):
        raise Refused(_("This view is no longer there for you."))
    _choose(declared, by, default_view=view)


@transaction.atomic
def choose_columns(declared: Listing, *, keys: Iterable[str], by: Membership) -> None:
    """The columns this person sees; none for those that the list begins with."""
    known = [column.key for column in declared.columns_for(by) if column.is_choosable]
    _choose(declared, by, columns=[key for key in keys if key in known])


def _choose(declared: Listing, by: Membership, **values: object) -> None:
    ListChoice.objects.update_or_create(
        portal=by.portal, membership=by, list_name=declared.name, defaults=values, create_defaults=values
    )


def _own(view: SavedView, by: Membership) -> SavedView:
    locked = SavedView.objects.locked(view.pk)
    if locked.owner_id != by.pk:
        raise Refused(_("This view is somebody else's."))
    return locked


def _is_seen(view: SavedView, by: Membership) -> bool:
    return SavedView.objects.visible_to(by).filter(pk=view.pk).exists()


def _own_group(group: Group | None, by: Membership) -> Group | None:
    if group is not None and group.pk not in {own.pk for own in by.groups.all()}:
        raise Refused(_("Share a view with a group that you are in."))
    return group


def _kept(declared: Listing, query: QueryDict, by: Membership) -> str:
    """What of a query makes a view: all that shapes the list, nothing of where somebody was in it."""
    declared.asked(by, query)
    kept = declared.cleaned(by, query)[0]
    for name, values in list(kept.lists()):
        kept.setlist(name, [value for value in values if value])
        if not kept.getlist(name):
            del kept[name]
    text = kept.urlencode()
    if len(text) > LONGEST_QUERY:
        raise Refused(_("This view has more filters than can be kept."))
    return text
