"""`python -m tests.faults.furnish`: migrate, make the cast, and print what a client needs as JSON."""

import json
import sys

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    from prm.organizations.context import inside
    from prm.users.actions import create_api_key
    from prm.users.models import ApiKey
    from tests import cast as cast_module

    cast = cast_module.load()
    people = {}
    with inside(cast.acme):
        for name in ("ada", "vic", "bea", "ben", "cleo", "dora"):
            member = getattr(cast, name)
            _key, secret = create_api_key(member, name="faults", scope=ApiKey.Scope.WRITE, by=None)
            people[name] = {"id": str(member.pk), "email": member.email, "key": secret}
    sys.stdout.write(json.dumps(people))


if __name__ == "__main__":
    main()
