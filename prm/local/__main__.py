"""`python3 -m prm.local COMMAND [arguments]`; the Makefile says what each command does."""

import sys
from collections.abc import Callable

from prm.local import exit_plainly, venv

# Each command with the list of packages that it needs in .venv.
NEEDS = {
    "up": "local",
    "shell": "local",
    "reset": "",
    "test": "test",
    "soak": "test",
    "bench": "local",
    "check": "test",
    "fmt": "test",
    "words": "test",
    "pictures": "test",
    "lock": "test",
}
USAGE = f"python3 -m prm.local {'|'.join(NEEDS)} [arguments]"


def main() -> int:
    name, *arguments = sys.argv[1:] or [""]
    if name not in NEEDS:
        print(USAGE, file=sys.stderr)
        return 2
    with exit_plainly():
        if NEEDS[name]:
            venv.enter(NEEDS[name], ["-m", "prm.local", *sys.argv[1:]])
        return _command(name)(arguments)
    return 1


def _command(name: str) -> Callable[[list[str]], int]:
    from prm.local import checks, commands, pictures, up, words

    if name == "up":
        return lambda arguments: up.up()
    if name == "check":
        return lambda arguments: checks.run()
    if name == "words":
        return words.words
    if name == "pictures":
        return pictures.pictures
    command: Callable[[list[str]], int] = getattr(commands, name)
    return command


if __name__ == "__main__":
    sys.exit(main())
