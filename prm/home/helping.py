"""The short help of each page: `templates/help/<topic>.html`, found by the page's URL name.

`leads:hand_over` has its help in `leads-hand-over.html`. Pages that share one include the other's; those that ask
once more before a verb over many rows (`leads:assign_many`) have one for all.
"""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.urls import ResolverMatch

MANY = "runs-many"


@cache
def topics() -> frozenset[str]:
    """Every topic that there is a text for."""
    folder: Path = settings.BASE_DIR / "templates" / "help"
    return frozenset(path.stem for path in folder.glob("*.html"))


def topic_of(name: str) -> str:
    """The topic of a URL name, whether there is a text for it or not."""
    if name.endswith("_many"):
        return MANY
    return name.replace(":", "-").replace("_", "-")


def help_for(match: ResolverMatch | None) -> str:
    """The topic of the page that is shown, or nothing."""
    topic = topic_of(match.view_name) if match else ""
    return topic if topic in topics() else ""
