"""The tables of a portal, found in the models: a new one is among them by itself."""

from collections.abc import Iterator
from functools import cache

from django.apps import apps
from django.db import models

from prm.organizations.fence import FencedModel
from prm.users.models import Membership, User

Table = type[models.Model]


def fenced_models() -> list[type[FencedModel]]:
    """Every portal-owned model, by name."""
    found = [model for model in apps.get_models(include_auto_created=True) if issubclass(model, FencedModel)]
    return sorted(found, key=lambda model: model._meta.label_lower)


def shared_children(model: Table) -> Iterator[tuple[Table, str]]:
    """The models that no portal owns and that refer to this one, with the column that does."""
    for child in apps.get_models(include_auto_created=True):
        if issubclass(child, FencedModel):
            continue
        for field in child._meta.local_concrete_fields:
            if isinstance(field, models.ForeignKey) and field.related_model is model:
                yield child, field.column


def columns_to(model: type[FencedModel], target: Table) -> list[str]:
    """The columns of a portal-owned model that refer to a target."""
    return [
        field.column
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is target
    ]


def removal_order() -> list[list[type[FencedModel]]]:
    """All portal-owned models, those that refer before those that are referred to.

    Models that refer to each other in a circle stand together, as does one that refers to itself:
    their rows have to go in one transaction.
    """
    groups = {frozenset(m for m in _reach(model) if model in _reach(m)): _reach(model) for model in fenced_models()}
    in_order = sorted(groups, key=lambda group: (-len(groups[group]), min(m._meta.label for m in group)))
    return [sorted(group, key=lambda model: model._meta.label) for group in in_order]


def is_circle(group: list[type[FencedModel]]) -> bool:
    return len(group) > 1 or group[0] in _targets(group[0])


@cache
def _reach(model: type[FencedModel]) -> frozenset[type[FencedModel]]:
    """The model itself and all that it leads to, however far."""
    found, waiting = {model}, [model]
    while waiting:
        fresh = _targets(waiting.pop()) - found
        found |= fresh
        waiting += fresh
    return frozenset(found)


def _targets(model: type[FencedModel]) -> set[type[FencedModel]]:
    related = {field.related_model for field in model._meta.concrete_fields if field.is_relation}
    targets = {target for target in related if isinstance(target, type) and issubclass(target, FencedModel)}
    if User in related and model is not Membership:
        targets.add(Membership)  # with the last membership goes the account: nothing may hold on to it by then
    return targets
