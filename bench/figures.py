"""What is measured: each figure with its goal, and the limit that it stands beside."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench import limits
from bench.asking import Ask, Client, Times, at_once, one_after_another
from bench.seats import PARTNER, VENDOR, Seat, take
from bench.seed import LARGE, MIDDLE
from bench.site import Site

AT_ONCE = 8


@dataclass(frozen=True)
class Figure:
    """One line of the table. `run` takes how many times to ask, and is called once a round."""

    name: str
    run: Callable[[int], Times]
    goal: float = 0  # p95 in milliseconds; 0 where there is none
    aim: float = 0
    limit: str = ""  # the name of the figure that it is held against
    share: float = 1  # of the round's number of questions, for what takes long
    rounds: list[Times] = field(default_factory=list)


def all_figures(site: Site) -> list[Figure]:
    """In the order of the table; a limit stands before what is held against it."""
    seats = {(slug, role): take(slug, role) for slug in (MIDDLE, LARGE) for role in (VENDOR, PARTNER)}
    return [
        *_limits(site, seats),
        *_lists(site, seats),
        *_crowd(site, seats),
        *_searches(site, seats),
        *_pages(site, seats),
        *_writing(site, seats),
    ]


Seats = dict[tuple[str, str], Seat]


def _alone(ask: Ask) -> Callable[[int], Times]:
    return lambda count: one_after_another([ask] * count)


def _together(clients: list[Ask]) -> Callable[[int], Times]:
    return lambda count: at_once([[ask] * max(1, count // len(clients)) for ask in clients])


def _get(client: Client, path: str) -> Ask:
    def ask() -> None:
        client.get(path)

    return ask


def _limits(site: Site, seats: Seats) -> list[Figure]:
    link, found = site.app(), []
    for (slug, role), seat in seats.items():
        partner = seat.organization_id if role == PARTNER else None
        ask = limits.page(link, limits.portal_of(seat), partner)
        found.append(Figure(f"SQL alone: page of 50, {role}, {slug}", _alone(ask)))
    for slug in (MIDDLE, LARGE):
        ask = limits.scan(link, limits.portal_of(seats[slug, VENDOR]))
        found.append(Figure(f"SQL alone: scan of one column, {slug}", _alone(ask), share=0.25))
    return [Figure("web server alone: /healthz", _alone(_get(Client(site.port, "", {}), "/healthz"))), *found]


def _lists(site: Site, seats: Seats) -> list[Figure]:
    found = []
    for (slug, role), seat in seats.items():
        limit = f"SQL alone: page of 50, {role}, {slug}"
        for depth, cursor in (("first page", ""), ("deep page", f"?cursor={seat.deep}")):
            json = _alone(_get(seat.program(site.port), f"/api/v1/leads/{cursor}"))
            html = _alone(_get(seat.browser(site.port), f"/leads/{cursor}"))
            found.append(Figure(f"JSON list, {role}, {slug}, {depth}", json, 15, 8, limit))
            found.append(Figure(f"HTML list, {role}, {slug}, {depth}", html, 40, 20, limit))
    return found


def _crowd(site: Site, seats: Seats) -> list[Figure]:
    """Eight clients at once, half of them vendors, half partners."""
    both = [seats[LARGE, VENDOR], seats[LARGE, PARTNER]] * (AT_ONCE // 2)
    limit = f"SQL alone: page of 50, {VENDOR}, {LARGE}"
    json = [_get(seat.program(site.port), "/api/v1/leads/") for seat in both]
    html = [_get(seat.browser(site.port), "/leads/") for seat in both]
    return [
        Figure(f"JSON list, {AT_ONCE} at once, {LARGE}", _together(json), 60, 35, limit, share=2),
        Figure(f"HTML list, {AT_ONCE} at once, {LARGE}", _together(html), 60, 35, limit, share=2),
    ]


def _searches(site: Site, seats: Seats) -> list[Figure]:
    found = []
    for slug in (MIDDLE, LARGE):
        seat = seats[slug, VENDOR]
        browser, known = seat.browser(site.port), seat.known
        limit = f"SQL alone: scan of one column, {slug}"
        goals = {"exact": (60.0, 30.0), "part": (60.0, 30.0), "misspelt": (150.0, 0.0)}
        words = {
            "exact number": known.code,
            "exact e-mail": known.email,
            "exact phone": known.phone.replace("+", "%2B"),
            "exact domain": known.domain,
            "part of a name": known.part,
            "misspelt name": known.misspelt,
        }
        for name, text in words.items():
            goal, aim = goals[name.split()[0]] if slug == MIDDLE else (0.0, 0.0)
            ask = _alone(_get(_as_box(browser), f"/search/?q={text.replace(' ', '+')}"))
            found.append(Figure(f"search, {name}, {slug}", ask, goal, aim, limit, share=0.25))
    return found


def _as_box(browser: Client) -> Client:
    return Client(browser.port, browser.portal, {**browser.headers, "HX-Request": "true"})


def _pages(site: Site, seats: Seats) -> list[Figure]:
    found = []
    for (slug, role), seat in seats.items():
        browser = seat.browser(site.port)
        home = _alone(_following(browser, "/"))
        found.append(Figure(f"home page, {role}, {slug}", home, 60, 0, "web server alone: /healthz"))
        lead = _alone(_get(browser, f"/leads/{seat.lead}/"))
        found.append(Figure(f"lead page, {role}, {slug}", lead, 0, 0, "web server alone: /healthz"))
    return found


def _following(client: Client, path: str) -> Ask:
    """With the page that it leads to, if it leads on."""

    def ask() -> None:
        answer = client.ask(path)
        if answer.status == 302:
            client.get(answer.headers["Location"])

    return ask


def _writing(site: Site, seats: Seats) -> list[Figure]:
    seat = seats[MIDDLE, VENDOR]
    portal, numbers = limits.portal_of(seat), itertools.count(int(time.time()) % 100_000_000)
    alone, crowd = "SQL alone: insert of a lead", f"SQL alone: insert of a lead, {AT_ONCE} at once"
    raw = [limits.insert(site.app(), portal, numbers) for _ in range(AT_ONCE)]
    api = [_creating(seat.program(site.port)) for _ in range(AT_ONCE)]
    return [
        Figure(alone, _alone(raw[0])),
        Figure("lead created through the API", _alone(api[0]), limit=alone),
        Figure(crowd, _together(raw), share=4),
        Figure(f"lead created through the API, {AT_ONCE} at once", _together(api), limit=crowd, share=2),
    ]


def _creating(client: Client) -> Ask:
    values = {
        "company": "Made Robotics",
        "first_name": "Anna",
        "last_name": "Novak",
        "email": "anna@made.example",
        "phone": "+49 30 7654321",
        "city": "Ghent",
        "country": "BE",
        "product_interest": "Picking cell",
    }

    def ask() -> None:
        client.post("/api/v1/leads/", values)

    return ask
