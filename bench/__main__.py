"""`make bench`: fill a throw-away installation, measure it, print the table and keep it in bench/results/.

Every round asks everything, so that the limits and the figures held against them see the same weather.
"""

import argparse
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench import site as place
from prm.local import exit_plainly


@dataclass(frozen=True)
class Pace:
    """How long it takes."""

    rounds: int
    questions: int  # of each figure a round


FULL, SHORT = Pace(rounds=5, questions=60), Pace(rounds=1, questions=4)


def main() -> int:
    options = _options()
    with exit_plainly(), place.site(options.folder) as site:
        import django

        django.setup()
        _fill(site, is_small=options.small)
        place.collect_static()
        site.start_web()
        pace = SHORT if options.small else FULL
        pace = Pace(options.rounds or pace.rounds, options.questions or pace.questions)
        text, missed = _measure(site, pace, only=options.only)
    print(text)
    if not (options.small or options.only or options.rounds or options.questions):
        from bench.report import RESULTS

        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(text)
    print("Goals missed: " + ", ".join(missed) if missed else "All goals reached.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--small", action="store_true", help="20,000 leads, short rounds: does it still run?")
    parser.add_argument("--folder", type=Path, help="keep the data here, and use those that are here")
    parser.add_argument("--only", default="", help="figures whose name holds these words; nothing is written down")
    parser.add_argument("--rounds", type=int, help=f"instead of {FULL.rounds}")
    parser.add_argument("--questions", type=int, help=f"of each figure a round, instead of {FULL.questions}")
    return parser.parse_args()


def _fill(site: place.Site, *, is_small: bool) -> None:
    from django.core.management import call_command

    from bench.seed import FULL, SMALL, seed
    from prm.organizations.models import Portal

    call_command("migrate", verbosity=0)
    if Portal.objects.exists():
        return
    began = time.monotonic()
    seed(site.superuser(), SMALL if is_small else FULL)
    print(f"filled in {time.monotonic() - began:.0f} s", flush=True)


def _measure(site: place.Site, pace: Pace, *, only: str) -> tuple[str, list[str]]:
    from bench import phone, report, weight
    from bench.asking import noise
    from bench.figures import all_figures
    from bench.seats import PARTNER, VENDOR, take
    from bench.seed import MIDDLE

    figures = all_figures(site)
    if only:
        limits = {figure.limit for figure in figures if only in figure.name}
        figures = [figure for figure in figures if only in figure.name or figure.name in limits]
    for figure in figures:
        figure.run(max(2, pace.questions // 4))  # nobody measures a cold start by accident
    probes = []
    for number in range(1, pace.rounds + 1):
        probes.append(noise())
        for figure in figures:
            figure.rounds.append(figure.run(max(2, round(pace.questions * figure.share))))
        print(f"round {number} of {pace.rounds}", file=sys.stderr, flush=True)
    seats = {role: take(MIDDLE, role) for role in (VENDOR, PARTNER)}
    weights = [
        *weight.first_visit(site, seats[VENDOR]),
        *weight.memory(site),
        *phone.largest_paints(seats, visits=pace.rounds),
    ]
    middle = statistics.median(probes)
    with site.superuser() as link, link.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT portal_id) FROM leads_lead")
        leads, portals = cursor.fetchone() or (0, 0)
        facts = {
            **report.machine(link.server_version),
            "data": f"{leads:,} leads in {portals} portals",
            "rounds": f"{pace.rounds}, of {pace.questions} questions for each figure",
            "noise": f"{min(probes):.1f} to {max(probes):.1f} loops a second, half above {middle:.1f}",
        }
    return report.text_of(figures, weights, facts), report.missed(figures, weights)


if __name__ == "__main__":
    sys.exit(main())
