#!/usr/bin/env python3
"""Django's commands, from any Python at hand: `python3 manage.py migrate`.

The system's Python goes on inside .venv, and the servers of `make up` are found by themselves.
"""

import importlib.util
import os
import sys

from prm.local import contract, exit_plainly, venv, words


def main() -> None:
    with exit_plainly():
        if not has_packages():
            venv.enter("local", sys.argv)
        contract.adopt()
        words.make_current()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def has_packages() -> bool:
    """Whether this Python is .venv's, or, as in a container, has the packages itself.

    Some Django may be anywhere; granian stands for all the rest.
    """
    if venv.VENV.exists():
        return venv.is_inside()
    return all(importlib.util.find_spec(name) for name in ("django", "granian"))


if __name__ == "__main__":
    main()
