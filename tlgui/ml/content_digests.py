"""Remembers the digests of files' contents, so that none is read twice."""

import hashlib
import itertools
import os
import threading
import time
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from tlgui.core import storage
from tlgui.core.errors import TlguiError, cannot_write
from tlgui.ml.cache_key import DIGEST_BYTES
from tlgui.ml.cache_segment import ENTRY
from tlgui.ml.pixel_memory import SETTLED_NS

DIGESTS_FILE = "photos.digests"


class ContentDigests:
    """The digests of files' contents, remembered by path, size and time of change.

    One flat file, read and written whole: there is no query but "this file?", 100,000
    entries are 3 MB and load faster than sqlite answers 100,000 questions, and a
    checksum over all of it catches what a disk may do. Paths are kept as digests only.

    Attributes:
        trouble: the sentence that says why they were not remembered, or empty.
    """

    def __init__(self, root: Path, limit: int = 500_000) -> None:
        """Loads what is remembered; a damaged file is as good as none.

        Args:
            root: the folder of all caches.
            limit: the number of entries kept; those used last stay.
        """
        self.trouble = ""
        self._file = root / DIGESTS_FILE
        self._limit = limit
        self._lock = threading.Lock()
        self._contents = _load_digests(self._file)
        self._is_changed = False

    def remembered(self, file: Path, status: os.stat_result) -> bytes | None:
        """The digest of a file's content if it is known without reading the file.

        Args:
            file: which.
            status: of that file, as it is now.
        """
        name = _digest_of_status(file, status)
        with self._lock:
            content = self._contents.pop(name, None)
            if content is not None:
                self._contents[name] = content  # now the one used last
        return content

    def of(self, file: Path, status: os.stat_result | None = None) -> bytes:
        """The digest of a file's content, 16 bytes; reads the file if it must.

        Args:
            file: which.
            status: of that file, if it was asked for just now.

        Raises:
            OSError: the file cannot be read.
        """
        if status is None:
            status = file.stat()
        content = self.remembered(file, status)
        if content is not None:
            return content
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, _blake2b).digest()
            after = os.fstat(stream.fileno())
        name = _digest_of_status(file, status)
        settled = time.time_ns() - status.st_mtime_ns > SETTLED_NS
        if settled and _digest_of_status(file, after) == name:
            with self._lock:
                self._contents[name] = content
                self._is_changed = True
        return content

    def close(self) -> None:
        """Remembers what is new, beside what other processes have remembered."""
        with self._lock:
            if not self._is_changed:
                return
            known = _load_digests(self._file).items()
            others = [pair for pair in known if pair[0] not in self._contents]
            pairs = [*others, *self._contents.items()][-self._limit :]
            body = b"".join(itertools.chain.from_iterable(pairs))
            raw = body + zlib.crc32(body).to_bytes(4, "little")
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                storage.write_whole(self._file, lambda file: _fill(file, raw))
                self._is_changed = False
            except OSError as error:
                self.trouble = str(cannot_write(self._file, error))
            except TlguiError as error:
                self.trouble = str(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def digest_of_file(file: Path) -> bytes:
    """The digest of a file's content, read anew.

    Raises:
        OSError: the file cannot be read.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, _blake2b).digest()


def _blake2b() -> Any:
    return hashlib.blake2b(digest_size=DIGEST_BYTES)


def _fill(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def _digest_of_status(file: Path, status: os.stat_result) -> bytes:
    name = os.fsencode(file.absolute())
    changed = f"\0{status.st_size}\0{status.st_mtime_ns}".encode()
    return hashlib.blake2b(name + changed, digest_size=DIGEST_BYTES).digest()


def _load_digests(file: Path) -> dict[bytes, bytes]:
    try:
        raw = file.read_bytes()
    except OSError:  # nothing is remembered yet
        return {}
    body, checksum = raw[:-4], raw[-4:]
    if (
        len(body) % (2 * DIGEST_BYTES)
        or zlib.crc32(body).to_bytes(4, "little") != checksum
    ):
        return {}
    pairs = np.frombuffer(body, ENTRY["digest"]).reshape(-1, 2)
    return dict(zip(pairs[:, 0].tolist(), pairs[:, 1].tolist(), strict=True))
