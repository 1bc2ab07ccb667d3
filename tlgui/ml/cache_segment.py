"""Records of features in files that only grow, each written by one process."""

import itertools
import mmap
import os
import sys
import time
import zlib
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgui.core.types import Floats, Labels
from tlgui.ml.cache_key import DIGEST_BYTES, OUR_FILES, CacheKey, listed

ENTRY = np.dtype([("digest", f"V{DIGEST_BYTES}"), ("checksum", "<u4")])


class Segment:
    """What one process has written, as every process reads it.

    Attributes:
        count: the number of records known by now.
    """

    def __init__(self, stem: Path, key: CacheKey) -> None:
        self._data_file = stem.with_suffix(".data")
        self._index_file = stem.with_suffix(".index")
        self._key = key
        self._records: NDArray[Any] = np.zeros((0, *key.shape), key.stored)
        # Longer than `count`: grown by doubling, so that n records cost n steps.
        self._checksums = np.zeros(0, np.uint32)
        self._checked = np.zeros(0, np.bool_)
        self.count = 0
        self._mapping: mmap.mmap | None = None

    @property
    def _room(self) -> int:
        return len(self._checksums)

    def new_entries(self) -> NDArray[Any]:
        """The whole entries with whole records beyond `count`."""
        try:
            with self._index_file.open("rb") as stream:
                stream.seek(self.count * ENTRY.itemsize)
                raw = stream.read()
            # After the index: data is written before it, so that it is not shorter.
            size = self._data_file.stat().st_size
        except OSError:  # deleted, or not for us: there is nothing to read
            return np.zeros(0, ENTRY)
        whole = min(
            len(raw) // ENTRY.itemsize, size // self._key.record_bytes - self.count
        )
        return np.frombuffer(raw, ENTRY, max(whole, 0))

    def add(self, entries: NDArray[Any]) -> None:
        """Makes entries known."""
        count = self.count + len(entries)
        if count > self._room:
            room = max(count, 2 * self._room)
            self._checksums = np.resize(self._checksums, room)
            self._checked = np.resize(self._checked, room)
        self._checksums[self.count : count] = entries["checksum"]
        self._checked[self.count : count] = False
        self.count = count

    def read(
        self, rows: Labels, digests: Sequence[bytes], asked: Labels
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Reads `rows`, named `digests[asked]`: the records and which are good."""
        try:
            stored = self._mapped(int(rows.max()) + 1)
        except (OSError, ValueError):  # deleted before it was mapped, or shortened
            nothing = np.zeros((len(rows), *self._key.shape), self._records.dtype)
            return nothing, np.zeros(len(rows), np.bool_)
        records, good = stored[rows], self._checked[rows]
        for place in np.flatnonzero(~good):
            checksum = _checksum(digests[asked[place]], records[place])
            good[place] = checksum == self._checksums[rows[place]]
        self._checked[rows[good]] = True
        return records, good

    def let_go(self) -> None:
        """Gives mapped pages back, which would count as this process' memory.

        They stay in the system's own memory while it has room for them. Windows
        trims a process by itself.
        """
        if self._mapping is not None and sys.platform != "win32":
            self._mapping.madvise(mmap.MADV_DONTNEED)

    def _mapped(self, count: int) -> NDArray[Any]:
        if len(self._records) < count:
            with self._data_file.open("rb") as stream:
                self._map(stream.fileno())
        return self._records

    def _map(self, descriptor: int) -> None:
        count = self.count
        size = count * self._key.record_bytes
        self._mapping = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
        flat = np.frombuffer(self._mapping, self._records.dtype)
        self._records = flat.reshape(count, *self._key.shape)


class OwnSegment(Segment):
    """The segment that this process appends to."""

    def __init__(self, stem: Path, key: CacheKey) -> None:
        super().__init__(stem, key)
        self._data = FileIO(self._data_file, "x+")
        try:
            self._index = FileIO(self._index_file, "x")
        except OSError:
            self._data.close()
            raise

    def append(self, entries: NDArray[Any], records: NDArray[Any]) -> None:
        """Writes records and then their entries, past all buffers of ours.

        Raises:
            OSError: the disk refused; nothing more may be appended.
        """
        _write_all(self._data, records)
        _write_all(self._index, entries)

    def is_deleted(self) -> bool:
        """Whether somebody has deleted the files."""
        return not (self._data_file.exists() and self._index_file.exists())

    def retire(self) -> None:
        """Ends writing; the records can be read even if the files are deleted."""
        if self.count:
            self._map(self._data.fileno())
        self.close()

    def close(self) -> None:
        """Ends writing."""
        self._data.close()
        self._index.close()

    def new_entries(self) -> NDArray[Any]:
        """None: what this process writes it makes known itself."""
        return np.zeros(0, ENTRY)

    def _mapped(self, count: int) -> NDArray[Any]:
        if len(self._records) < count:
            self._map(self._data.fileno())
        return self._records


def _checksum(digest: bytes, record: NDArray[Any]) -> int:
    """Over the name too, so that a record under a wrong name is damaged."""
    return zlib.crc32(record.data, zlib.crc32(digest))


def pack(
    new: dict[bytes, int], features: Floats, dtype: np.dtype[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Entries and records of `features[place]` for every name and place in `new`."""
    chosen = features[list(new.values())]
    names = list(new)
    with np.errstate(over="ignore"):
        records = np.ascontiguousarray(chosen, dtype)
    if np.abs(chosen).max() > np.finfo(dtype).max:
        axes = tuple(range(1, features.ndim))
        fits = (np.isfinite(records) | ~np.isfinite(chosen)).all(axis=axes)
        records = records[fits]
        names = list(itertools.compress(names, fits))
    entries = np.zeros(len(names), ENTRY)
    entries["digest"] = np.frombuffer(b"".join(names), ENTRY["digest"])
    entries["checksum"] = [*map(_checksum, names, records)]
    return entries, records


def _write_all(stream: FileIO, values: NDArray[Any]) -> None:
    rest = values.reshape(-1).view(np.uint8).data
    while rest:
        rest = rest[stream.write(rest) :]


def new_stem(folder: Path) -> Path:
    """A name for the files of this process that no other process takes."""
    return folder / f"{os.getpid()}-{time.time_ns()}"


def stems(folder: Path) -> list[Path]:
    """The segments of a folder, in the order in which they were begun."""
    stems = [
        file.with_suffix("")
        for file in listed(folder)
        if file.suffix == ".index" and OUR_FILES.fullmatch(file.name)
    ]
    return sorted(stems, key=lambda stem: int(stem.name.split("-")[1]))
