"""What `make up`, `make test` and the other targets are made of.

`python3 -m prm.local COMMAND` runs with the system's Python and only its standard library until the
project's own environment, .venv, stands; after that it goes on inside .venv. Linux is what it is
made for; other Unix systems work as far as they have the same servers.
"""

import contextlib
import sys
from collections.abc import Iterator

# Every door into the set-up passes this line, with whatever Python is at hand.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"This project needs Python 3.11 or newer; this is {sys.version.split()[0]}.")


class SetupError(Exception):
    """Something that a person has to put right; the message says what, in plain words."""


@contextlib.contextmanager
def exit_plainly() -> Iterator[None]:
    """Turn a SetupError into its words and exit code 1, and Ctrl-C into silence."""
    try:
        yield
    except SetupError as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)
