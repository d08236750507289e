"""Brings words and database up to date: catalogues, migrations, demo data where there is no portal yet.

All of it happens in one process of its own, `python -m prm.local.preparation`, since starting Django takes
longer than a look at an up-to-date database. The portal starts as soon as the migrations are done.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType

from prm.local import SetupError, words
from prm.local.paths import PROJECT, State
from prm.local.processes import Child, start, stop, tail
from prm.local.supervisor import Supervisor

MIGRATED = "migrated"  # the first line of its output


class Preparation:
    """The process, for as long as the `with` block lasts."""

    def __init__(self, state: State, environment: Mapping[str, str]) -> None:
        demo = ["--with-demo"] if environment["PRM_ENVIRONMENT"] == "development" else []
        self.child = Child(
            name="prepare",
            command=[sys.executable, "-m", "prm.local.preparation", *demo],
            log=state.logs / "prepare.log",
            environment=environment,
            folder=PROJECT,
        )

    def __enter__(self) -> "Preparation":
        self.child.log.unlink(missing_ok=True)
        self.process: subprocess.Popen[bytes] = start(self.child)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop(self.process, self.child)

    def wait_for_migrations(self) -> None:
        while MIGRATED not in self.child.log.read_text() and self.process.poll() is None:
            time.sleep(0.02)
        self._refuse_failure()

    def wait_for_demo(self, supervisor: Supervisor) -> str:
        """What the demo's maker has to say; nothing when there was nothing to do."""
        while self.process.poll() is None:
            supervisor.tend()
            time.sleep(0.05)
        self._refuse_failure()
        said = self.child.log.read_text().splitlines()
        return "; ".join(line for line in said if line and line != MIGRATED)

    def _refuse_failure(self) -> None:
        if self.process.poll():
            log = self.child.log
            raise SetupError(f"The database could not be brought up to date ({log}):\n{tail(log, 30)}")


def main() -> None:
    import django
    from django.core.management import call_command

    words.make_current()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    print(MIGRATED, flush=True)
    if "--with-demo" in sys.argv:
        call_command("seed_demo", if_empty=True)


if __name__ == "__main__":
    main()
