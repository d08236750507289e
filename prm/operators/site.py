"""Django's admin, for operators alone and inside one portal at a time."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _

from prm.operators.access import entered_page, is_operator
from prm.organizations.fence import FencedModel

KEPT = frozenset({"index", "app_list", "jsi18n"})
"""Of the admin's own pages. Sign-in, sign-out and passwords are ours; nothing here searches over all tables."""


class OperatorsSite(AdminSite):
    site_title = site_header = _("Operators")
    index_title = _("Tables")
    index_template = "operators/index.html"
    app_index_template = "operators/app.html"
    site_url = None
    enable_nav_sidebar = False
    final_catch_all_view = False  # what is nothing is 404 for everybody

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Portal-owned tables alone. What other packages bring along (accounts, factors) is behind no wall."""
        asked = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        super().register([model for model in asked if issubclass(model, FencedModel)], admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)

    def admin_view(self, view: Callable[..., HttpResponseBase], cacheable: bool = False) -> Any:
        """Every page of every table comes through here. Against forged forms stands the middleware."""
        return entered_page(view)

    def get_urls(self) -> list[Any]:
        from prm.operators import views

        own: list[URLPattern | URLResolver] = [
            path("portals/", views.portals, name="portals"),
            path("portals/<slug:slug>/enter/", views.enter, name="enter"),
            path("portals/leave/", views.leave, name="leave"),
        ]
        theirs = super().get_urls()
        return own + [url for url in theirs if isinstance(url, URLResolver) or url.name in KEPT]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the portal and the operator that each page names on its top."""
        operator, entered = (getattr(request, name, None) for name in ("operator", "entered"))
        return {**super().each_context(request), "operator": operator, "entered": entered}
