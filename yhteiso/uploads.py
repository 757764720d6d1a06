"""Files that people send. Only small ones come in: whatever is bigger is refused before anything of it is read."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

BIGGEST = 2 * 1024 * 1024


class SmallFilesOnly(FileUploadHandler):
    """The first of the handlers. It keeps nothing itself; a page tells kindly of files that are a little too big."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],  # noqa: N803 (Django's name)
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        if content_length > BIGGEST:
            raise RequestDataTooBig("a file that is too big")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
