"""The search of the whole portal: its page, and the list that drops down under the box at the top."""

from django.http import HttpResponse
from django.shortcuts import render

from prm.search.subjects import find
from prm.serving.paging import search_text
from prm.users.access import PageRequest, member_page

IN_THE_BOX = 4  # of each noun
ON_THE_PAGE = 20


@member_page()  # everybody finds what they see
def search(request: PageRequest) -> HttpResponse:
    """`?q=`. htmx gets the list alone, a browser the page: the box is a plain form that leads here."""
    text = search_text(request.GET, "q")
    is_box = bool(request.headers.get("HX-Request"))
    found = find(text, member=request.membership, most=IN_THE_BOX if is_box else ON_THE_PAGE)
    template = "search/hits.html" if is_box else "search/search.html"
    return render(request, template, {"found": found, "q": text})
