"""Reads a file as one table: a stream of batches of rows, whatever it is packed in, within stated limits.

A header row, then rows of equal length. Comma-separated values in UTF-8 or GB 18030, as they are or as the only file in a .zip or .gz.
"""

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import IO, Final

from listings.resources.errors import NotTabular
from registry.base.limits import UPLOAD_BYTES_MAX

ROWS_A_BATCH: Final = 20_000
ROWS_A_STEP: Final = 500
CHARACTERS_A_BATCH: Final = 16 * 1024 * 1024
LINE_CHARACTERS_MAX: Final = 1024 * 1024
COLUMNS_MAX: Final = 200
UNPACKED_BYTES_MAX: Final = 4 * UPLOAD_BYTES_MAX
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_ENCRYPTED: Final = 1
_BUFFER: Final = 1024 * 1024


class _Stream(io.RawIOBase):
    """An iterator of bytes as a file, with a limit on how much comes out of it."""

    def __init__(self, chunks: Iterator[bytes], *, limit: int) -> None:
        """Read from ``chunks``, at most ``limit`` bytes."""
        self._chunks, self._left, self._rest = chunks, limit, b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's buffer type has no public name in 3.11
        """Fill the buffer, however small the pieces come, so that a first look sees enough to tell what the file is."""
        filled = 0
        while filled < len(buffer) and (self._rest or self._next()):
            count = min(len(buffer) - filled, len(self._rest))
            buffer[filled : filled + count], self._rest = self._rest[:count], self._rest[count:]
            filled += count
        self._left -= filled
        if self._left < 0:
            raise NotTabular(reason=f"it unpacks to more than {UNPACKED_BYTES_MAX} bytes")
        return filled

    def _next(self) -> bool:
        """Take the next piece that is not empty; whether there is one."""
        self._rest = next(filter(None, self._chunks), b"")
        return bool(self._rest)


class Table:
    """One pass over a file as a table.

    Attributes:
        header: the names in the first row.
        consumed: bytes of the file as it is stored (packed) that were read so far.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        """Read the header.

        Raises:
            NotTabular: it is no such file.
        """
        self.consumed = 0
        self._characters = 0
        with _explained():
            lines = self._lines(_unpacked(io.BufferedReader(_Stream(self._noted(chunks), limit=UPLOAD_BYTES_MAX), _BUFFER)))
            self._rows = filter(None, csv.reader(lines, strict=True))  # a blank line is no row
            self.header = [name.strip() for name in next(self._rows, [])]
        if not self.header or len(self.header) > COLUMNS_MAX:
            raise NotTabular(reason=f"it has {len(self.header)} columns, of 1 to {COLUMNS_MAX}")

    def batches(self) -> Iterator[list[list[str]]]:
        """The rows after the header, in batches of at most ``ROWS_A_BATCH``.

        Raises:
            NotTabular: a row is longer or shorter than the header, or the file is damaged.
        """
        width = {len(self.header)}
        with _explained():
            while batch := self._batch():
                if set(map(len, batch)) != width:
                    raise NotTabular(reason=f"a row has another number of cells than the header's {len(self.header)}")
                yield batch

    def _batch(self) -> list[list[str]]:
        batch: list[list[str]] = []
        self._characters = 0
        while len(batch) < ROWS_A_BATCH and self._characters < CHARACTERS_A_BATCH:
            step = list(islice(self._rows, ROWS_A_STEP))
            batch += step
            if len(step) < ROWS_A_STEP:
                break
        return batch

    def _noted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.consumed += len(chunk)
            yield chunk

    def _lines(self, file: io.BufferedReader) -> Iterator[str]:
        text = io.TextIOWrapper(file, encoding=_encoding(file.peek(_BUFFER)[:_BUFFER]), newline="")
        for line in iter(partial(text.readline, LINE_CHARACTERS_MAX), ""):
            if len(line) == LINE_CHARACTERS_MAX:
                raise NotTabular(reason=f"a line has more than {LINE_CHARACTERS_MAX} characters")
            self._characters += len(line)
            yield line


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the readers of the standard library raise into what a person can act on."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise NotTabular(reason="its text is neither UTF-8 nor GB 18030") from error
    except (csv.Error, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise NotTabular(reason=str(error) or "it is damaged") from error


def _unpacked(file: io.BufferedReader) -> io.BufferedReader:
    start = file.peek(len(_ZIP))
    if start.startswith(_GZIP):
        return io.BufferedReader(_Stream(_pieces(gzip.GzipFile(fileobj=file)), limit=UNPACKED_BYTES_MAX), _BUFFER)
    if start.startswith(_ZIP):
        return io.BufferedReader(_Stream(_only_member(file), limit=UNPACKED_BYTES_MAX), _BUFFER)
    return file


def _only_member(file: IO[bytes]) -> Iterator[bytes]:
    # a zip's directory lies at its end, and plain bytes never touch the disk: so it is held in memory, within the upload's limit
    with zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        members = [member for member in archive.infolist() if not member.is_dir() and not member.filename.startswith("__MACOSX/")]
        if len(members) != 1:
            raise NotTabular(reason=f"the .zip holds {len(members)} files, not one")
        if members[0].flag_bits & _ENCRYPTED:
            raise NotTabular(reason="the .zip is encrypted")
        with archive.open(members[0]) as member:
            yield from _pieces(member)


def _pieces(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    return iter(partial(file.read, _BUFFER), b"")


def _encoding(start: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"
