"""Mail as files, for development: each a file of its own, which the outbox shows."""

import os
import uuid
from datetime import UTC, datetime

from django.core.mail.backends import filebased


class EmailBackend(filebased.EmailBackend):
    """Django names a file by the second and by an address in memory, which the next mail may have as well.

    Two mails then shared a file, of which the outbox showed the first.
    """

    _fname: str | None

    def _get_filename(self) -> str:
        if self._fname is None:
            name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex}.log"
            self._fname = os.path.join(self.file_path, name)
        return self._fname
