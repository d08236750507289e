"""Every address of the portal, as the resolver has it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from prm.users.access import Access


@dataclass(frozen=True)
class Route:
    """One URL pattern: its full name, such as `leads:detail`, and its view."""

    name: str
    view: Callable[..., Any]

    @property
    def access(self) -> Access | None:
        """What the page decorator stamped on the view."""
        found: Access | None = getattr(self.view, "access", None)
        return found

    @property
    def api(self) -> type[APIView] | None:
        found: type[APIView] | None = getattr(self.view, "cls", None)
        return found

    @property
    def actions(self) -> dict[str, str]:
        """Of an API resource: its methods and what each is called. DRF adds HEAD by itself, when first asked."""
        found = dict(getattr(self.view, "actions", {}))
        return {method: name for method, name in found.items() if method != "head"}

    @property
    def is_public(self) -> bool:
        return self.access is not None and self.access.is_public


def routes(urlconf: str | None = None) -> list[Route]:
    """Those of the portals, or of another set of addresses."""
    return list(_walk(get_resolver(urlconf).url_patterns, ()))


def _walk(patterns: Iterable[URLPattern | URLResolver], spaces: tuple[str, ...]) -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield Route(":".join([*spaces, pattern.name or str(pattern.pattern)]), pattern.callback)
        else:
            space = (str(pattern.namespace),) if pattern.namespace else ()
            yield from _walk(pattern.url_patterns, (*spaces, *space))
