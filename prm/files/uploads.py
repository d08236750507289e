"""What a request may bring along as files: in memory, never in a temporary file, and no more than fits."""

from io import BytesIO
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MOST_KEPT = 4 * 1024 * 1024  # bytes of all files of a request together
MOST_SENT = 32 * 1024 * 1024  # bytes of a body that are read to be refused in words; more is cut off


class BoundedUploadHandler(FileUploadHandler):
    """Keeps files up to MOST_KEPT; of what goes beyond only the size is told, so that a form can refuse it."""

    kept = 0

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: str, encoding: Any = None
    ) -> None:
        if content_length > MOST_SENT:
            raise RequestDataTooBig(f"A body of {content_length} bytes")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.content = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.kept + len(raw_data) <= MOST_KEPT:
            self.kept += len(raw_data)
            self.content.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.content.seek(0)
        return InMemoryUploadedFile(
            file=self.content,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
