"""Holds an uploaded file on the disk, without a name: it is gone with whoever held it.

A file may be opened several times and read in several threads; it is never in memory whole.
"""

import hashlib
import io
import os
import tempfile
from dataclasses import dataclass
from typing import BinaryIO, cast

from starlette.datastructures import UploadFile

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """The bytes of an upload, kept for as long as this object is."""

    file: BinaryIO
    sha256: str

    def open(self) -> BinaryIO:
        """Opens it anew at its beginning."""
        return cast("BinaryIO", io.BufferedReader(_View(self.file)))


async def hold(upload: UploadFile) -> Held:
    """Takes an upload over, before its form is closed."""
    file = cast("BinaryIO", tempfile.TemporaryFile(prefix="vyzov-list-"))  # noqa: SIM115 - is held
    digest = hashlib.sha256()
    while piece := await upload.read(CHUNK_BYTES):
        digest.update(piece)
        file.write(piece)
    file.flush()
    return Held(file, digest.hexdigest())


class _View(io.RawIOBase):
    """One reader of a file that others read too: it has a place of its own."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        if start is None:
            start = os.fstat(self._file.fileno()).st_size
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]
        piece = os.pread(self._file.fileno(), len(buffer), self._at)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
