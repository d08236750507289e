"""What a request may bring along as files, and no more than fits.

On most pages that is a small picture, held in memory. Where members hand in files (`takes_files`) they are laid
on the store's own disk as they come, without a name: whatever becomes of the request, nothing of them stays.
"""

import contextlib
from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.core.handlers.wsgi import LimitedStream
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from prm.files import store

MOST_KEPT = 4 * 1024 * 1024  # bytes of all files of a request together, in memory
MOST_SENT = 32 * 1024 * 1024  # bytes of a body that are read to be refused in words; more is cut off

V = TypeVar("V", bound=Callable[..., Any] | type)


def takes_files(view: V) -> V:
    """For a page, or a resource of the API, to which members send files."""
    view.takes_files = True  # type: ignore[union-attr]
    return view


def most_sent_to(path: str) -> int:
    """Bytes of a form with files, at most, at this address."""
    try:
        view = resolve(path).func
    except Resolver404:
        return settings.PRM_LARGEST_UPLOAD
    return settings.PRM_FILES_AT_ONCE if _is_for_files(view) else settings.PRM_LARGEST_UPLOAD


def _is_for_files(view: Callable[..., Any]) -> bool:
    return getattr(getattr(view, "cls", view), "takes_files", False)


class Upload(UploadedFile):
    """A file of a request. `is_whole`: all of it was kept; `is_lost`: the disk did not take it."""

    is_whole = True
    is_lost = False


class BoundedUploadHandler(FileUploadHandler):
    """Of what goes beyond the bounds only the size is told, so that a form can refuse it. Strangers' go at once."""

    kept = 0  # bytes in memory

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: str, encoding: Any = None
    ) -> None:
        self.is_on_disk = _is_from_member(self.request)
        self.most_kept = 0 if _is_from_stranger(self.request) else MOST_KEPT
        self.input = input_data
        if content_length > (settings.PRM_FILES_AT_ONCE if self.is_on_disk else MOST_SENT):
            raise RequestDataTooBig(f"A body of {content_length} bytes")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.here = 0
        self.is_whole, self.is_lost = True, False
        self.content: IO[bytes] = BytesIO()
        if self.is_on_disk:
            with self._by_the_disk():
                self.content = store.scratch()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = settings.PRM_LARGEST_FILE - self.here if self.is_on_disk else self.most_kept - self.kept
        self.is_whole = self.is_whole and len(raw_data) <= room
        if self.is_whole:
            with self._by_the_disk():
                self.content.write(raw_data)
            self.here += len(raw_data)
            self.kept += 0 if self.is_on_disk else len(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        with self._by_the_disk():
            self.content.seek(0)
        upload = Upload(
            self.content, self.file_name, self.content_type, file_size, self.charset, self.content_type_extra
        )
        upload.is_whole, upload.is_lost = self.is_whole, self.is_lost
        return upload

    def upload_complete(self) -> None:
        """A sender that went away in the middle has sent something else than it meant to."""
        stream = getattr(self.input, "_stream", None)  # Django's LimitedStream, which ends early without a word
        if isinstance(stream, LimitedStream) and stream._pos < stream.limit:  # type: ignore[attr-defined]
            raise BadRequest("The body ended early.")

    @contextlib.contextmanager
    def _by_the_disk(self) -> Any:
        """What the disk does not take is lost, which the page says once it is known who asked for what."""
        try:
            yield
        except OSError:
            self.is_whole, self.is_lost = False, True
            self.content = BytesIO()


def _is_from_member(request: HttpRequest | None) -> bool:
    match = getattr(request, "resolver_match", None)
    return match is not None and _is_for_files(match.func) and getattr(request, "membership", None) is not None


def _is_from_stranger(request: HttpRequest | None) -> bool:
    """Whether it is known by now that nobody is signed in, as a member or as an operator."""
    if getattr(request, "operator", None) is not None:
        return False
    return hasattr(request, "membership") and request.membership is None  # type: ignore[union-attr]
