"""The web process: refuses to serve as any database role but an unprivileged one."""

import os
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    """A request in UTF-8, whatever its Content-Type says.

    Django decodes even the query string with the client's charset and, outside of its own error handling,
    breaks on a codec that is none of text (`charset=rot13`).
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
application = get_wsgi_application()
application.request_class = Utf8Request

from prm.database import patience  # noqa: E402  needs the apps to be loaded
from prm.operators.checks import refuse_unsafe_settings  # noqa: E402
from prm.organizations.context import refuse_wrong_role  # noqa: E402
from prm.serving.tuning import spare_the_long_lived  # noqa: E402

refuse_unsafe_settings()
refuse_wrong_role()
patience.have(patience.PAGE)
spare_the_long_lived()
