"""Verbs over many deals: each page says what will happen to how many, and once more asked, the run begins."""

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from deals.bulk import CHANGES, LOSE, MOVE, WIN
from deals.forms import LoseForm, MoveManyForm
from prm.runs.asking import many_page
from prm.users.access import PageRequest, member_page


@member_page(*CHANGES)
@require_POST
def win_many(request: PageRequest) -> HttpResponse:
    return many_page(request, WIN)


@member_page(*CHANGES)
@require_POST
def lose_many(request: PageRequest) -> HttpResponse:
    return many_page(request, LOSE, LoseForm)


@member_page(*CHANGES)
@require_POST
def move_many(request: PageRequest) -> HttpResponse:
    return many_page(request, MOVE, MoveManyForm)
