"""The web process: refuses to serve as any database role but an unprivileged one."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
application = get_wsgi_application()

from prm.organizations.context import refuse_wrong_role  # noqa: E402  needs the apps to be loaded

refuse_wrong_role()
