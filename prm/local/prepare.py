"""Brings the database up to date: migrations, then demo data where there is no portal yet.

Both in one process, `python -m prm.local.prepare`, since starting Django is the slower half of it.
Unlike its neighbours this one needs Django.
"""

import os
import sys

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if "--with-demo" in sys.argv:
        call_command("seed_demo", if_empty=True)


if __name__ == "__main__":
    main()
