"""Verbs over many people: each page says what will happen to how many, and once more asked, the run begins."""

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from prm.runs.asking import many_page
from prm.users.access import PageRequest, member_page
from prm.users.bulk import DISABLE, ENABLE, INVITE_AGAIN, MANAGES


@member_page(*MANAGES)
@require_POST
def enable_many(request: PageRequest) -> HttpResponse:
    return many_page(request, ENABLE)


@member_page(*MANAGES)
@require_POST
def disable_many(request: PageRequest) -> HttpResponse:
    return many_page(request, DISABLE)


@member_page(*MANAGES)
@require_POST
def resend_many(request: PageRequest) -> HttpResponse:
    return many_page(request, INVITE_AGAIN)
