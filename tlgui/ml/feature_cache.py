"""Activations of frozen layers, kept on disk, shared between runs and processes.

    <root>/<key.folder>/about.json           what is kept here; touched when used
                        <pid>-<time>.data    records, one after another
                        <pid>-<time>.index   a name and a checksum for each of them
                        <pid>-<time>.lock    locked by a living process that uses it
    <root>/photos.digests                    contents of files that were seen before

A process appends to a segment (`.data` and `.index`) of its own and maps the
segments of all others. A record's entry is written after the record, and what has
no whole record and no whole entry does not count, so that a kill at any moment
leaves a valid prefix. Files only grow or disappear; nobody may shorten them, since
a mapped page that is gone ends the process.
"""

import contextlib
import dataclasses
import hashlib
import itertools
import json
import math
import mmap
import os
import re
import shutil
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tlgui.core import storage
from tlgui.core.errors import TlguiError, cannot_write
from tlgui.core.types import Floats, Labels

DIGEST_BYTES = 16
LARGEST_LIMIT = 20_000_000_000
FREE_SHARE = 0.1
_FORMAT = 1
_ENTRY = np.dtype([("digest", f"V{DIGEST_BYTES}"), ("checksum", "<u4")])
_DTYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
}
_ROW_BITS = 32
_ABOUT = "about.json"
_FOLDER_NAME = re.compile(r"[0-9a-f]{16}")
_OUR_FILES = re.compile(r"about\.json|\d+-\d+\.(index|data|lock)")
_DIGESTS_FILE = "photos.digests"
_NO_ROOM = "The kept features have used up the disk space that they may have."
_GOES_ON = "Training goes on, only slower: what is not kept is computed again."
# A file that was changed this short a time ago may change again unnoticed, because
# some disks (FAT) count time in steps of two seconds.
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True)
class CacheKey:
    """What decides the numbers of a record, apart from the photo and its view.

    Attributes:
        backbone: its name in the catalogue.
        weights_sha256: of the file with its pretrained weights.
        cut: the name of the last frozen block.
        decoder_version: changes when the same file is decoded to other pixels.
        shape: of one record, without the batch axis.
        dtype: how it is kept, `float32` or `float16`; it is read as float32.
    """

    backbone: str
    weights_sha256: str
    cut: str
    decoder_version: int
    shape: tuple[int, ...]
    dtype: str = "float32"

    def __post_init__(self) -> None:
        if self.dtype not in _DTYPES or not self.record_bytes:
            raise ValueError(f"expected a record of {list(_DTYPES)}, got {self}")

    @property
    def record_bytes(self) -> int:
        """The size of one record on disk."""
        return math.prod(self.shape) * self.stored.itemsize

    @property
    def stored(self) -> np.dtype[Any]:
        """How numpy calls the numbers on disk."""
        return _DTYPES[self.dtype]

    @property
    def folder(self) -> str:
        """The name of the folder: 16 hexadecimal digits."""
        text = json.dumps([_FORMAT, dataclasses.asdict(self)], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def record_digest(content: bytes, view: str | int) -> bytes:
    """The name of a record, 16 bytes.

    Args:
        content: the digest of the photo's file, as `ContentDigests.of` gives it.
        view: which view of the photo; 3 and "3" are the same.
    """
    return hashlib.blake2b(
        str(view).encode(), key=content, digest_size=DIGEST_BYTES
    ).digest()


class FeatureCache:
    """The records of one key.

    For any number of processes at once, and within one for a thread that writes and
    threads that read. No trouble with the disk gets out: a record that cannot be
    read is absent, and when writing fails the cache only stops growing.

    A record is compared with its checksum when this process reads it for the first
    time, not when it opens the cache: that would read every byte before the first
    batch, 9 GB for 100,000 records of 90 kB, also those that nobody asks for.

    Attributes:
        writable: whether `put_many` still keeps anything.
        trouble: the sentence that says why not; empty while all is well.
    """

    def __init__(self, root: Path, key: CacheKey, room: int | None = None) -> None:
        """Opens the cache, and makes its folder if need be.

        Args:
            root: the folder of all caches.
            key: which of them.
            room: how many bytes may be added; None for as many as the disk takes.
        """
        self.writable = True
        self.trouble = ""
        self._key = key
        self._folder = root / key.folder
        self._room = math.inf if room is None else room
        self._writing, self._state = threading.Lock(), threading.Lock()
        self._lookup: dict[bytes, int] = {}  # to the segment's number and the row
        self._segments: list[_Segment] = []
        self._stems: set[Path] = set()
        self._own: _OwnSegment | None = None
        self._lock: _UseLock | None = None
        self._closed = False
        with self._giving_up():
            self._prepare_folder()
        self._refresh()

    def __len__(self) -> int:
        """The number of records known by now."""
        return len(self._lookup)

    def __contains__(self, digest: bytes) -> bool:
        """Whether a record of that name is known by now."""
        return digest in self._lookup

    def get_many(self, digests: Sequence[bytes]) -> tuple[Floats, NDArray[np.bool_]]:
        """Reads records in any order.

        Args:
            digests: their names, n of them; the same one may come twice.

        Returns:
            The records, shape `(n, *key.shape)`, zeros where one is absent, and
            which of them are there, shape `(n,)`. Both are the caller's own.
        """
        segments, places = self._find(digests)
        features: Floats | None = None
        found = np.zeros(len(digests), np.bool_)
        numbers = places >> _ROW_BITS
        for number in np.unique(numbers[places >= 0]):
            asked = np.flatnonzero(numbers == number)
            rows = places[asked] & ((1 << _ROW_BITS) - 1)
            records, good = segments[number].read(rows, digests, asked)
            found[asked] = good
            if len(asked) == len(digests) and good.all():  # spares a copy
                return records.astype(np.float32, copy=False), found
            if features is None:
                features = self._nothing(len(digests))
            features[asked[good]] = records[good]
        self._forget(digests, places, np.flatnonzero((places >= 0) & ~found))
        return self._nothing(len(digests)) if features is None else features, found

    def put_many(self, digests: Sequence[bytes], features: Floats) -> None:
        """Adds the records that are not there yet.

        A record that float16 cannot hold (a value beyond 65504) is not kept.

        Args:
            digests: their names, n of them.
            features: shape `(n, *key.shape)`.

        Raises:
            ValueError: names or shapes do not fit; never for trouble with the disk.
        """
        expected = (len(digests), *self._key.shape)
        if features.shape != expected or {*map(len, digests)} - {DIGEST_BYTES}:
            raise ValueError(
                f"expected features {expected} with names of {DIGEST_BYTES} bytes, "
                f"got features {features.shape}"
            )
        with self._writing:
            with self._state:
                new = {d: i for i, d in enumerate(digests) if d not in self._lookup}
            if self.writable and new:
                with self._giving_up():
                    self._append(*_pack(new, features, self._key.stored))

    def close(self) -> None:
        """Ends reading and writing; what was read stays the caller's."""
        with self._writing, self._state:
            self._closed, self.writable = True, False
            self._lookup, self._segments = {}, []
            if self._own is not None:
                self._own.close()
            if self._lock is not None:
                _touch(self._folder)
                self._lock.release()
            self._own = self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _nothing(self, count: int) -> Floats:
        return np.zeros((count, *self._key.shape), np.float32)

    @contextlib.contextmanager
    def _giving_up(self) -> Iterator[None]:
        """Turns a refusal of the disk into the end of writing."""
        try:
            yield
        except (OSError, TlguiError) as error:
            if isinstance(error, OSError):
                error = cannot_write(self._folder, error)
            self.writable = False
            self.trouble = f"{error} {_GOES_ON}"

    def _prepare_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._lock is None or not self._lock.path.exists():
            if self._lock is not None:
                self._lock.release()
            self._lock = _UseLock(_new_stem(self._folder).with_suffix(".lock"))
        if not (self._folder / _ABOUT).exists():
            about = dataclasses.asdict(self._key)
            storage.write_json(self._folder / _ABOUT, about)
        _touch(self._folder)

    def _append(self, entries: NDArray[Any], records: NDArray[Any]) -> None:
        if not len(entries):
            return
        if records.nbytes > self._room:
            raise TlguiError(_NO_ROOM)
        if self._own is None or self._own.is_deleted():
            if self._own is not None:
                self._own.retire()
            self._prepare_folder()
            self._own = self._begin_segment()
        self._own.append(entries, records)
        self._room -= records.nbytes
        with self._state:
            self._register(self._segments.index(self._own), entries)

    def _begin_segment(self) -> "_OwnSegment":
        stem = _new_stem(self._folder)
        with self._state:
            self._stems.add(stem)
            own = _OwnSegment(stem, self._key)
            self._segments.append(own)
        return own

    def _find(self, digests: Sequence[bytes]) -> tuple[list["_Segment"], Labels]:
        """The segments and the places in them, -1 where unknown."""
        for is_last in (False, True):
            with self._state:
                places = map(self._lookup.get, digests, itertools.repeat(-1))
                found = np.fromiter(places, np.int64, len(digests))
                segments = self._segments
            if is_last or (found >= 0).all():
                break
            self._refresh()
        return segments, found

    def _refresh(self) -> None:
        """Takes in what other processes have added."""
        with self._state:
            if self._closed:
                return
            for stem in _stems(self._folder):
                if stem not in self._stems:
                    self._stems.add(stem)
                    self._segments.append(_Segment(stem, self._key))
            for number, segment in enumerate(self._segments):
                self._register(number, segment.new_entries())

    def _register(self, number: int, entries: NDArray[Any]) -> None:
        segment = self._segments[number]
        first = (number << _ROW_BITS) + segment.count
        segment.add(entries)
        # Of two records with one name the later one counts: it was written because
        # the earlier one was found damaged.
        self._lookup.update(zip(entries["digest"].tolist(), itertools.count(first)))

    def _forget(self, digests: Sequence[bytes], places: Labels, bad: Labels) -> None:
        with self._state:
            for index in bad:
                if self._lookup.get(digests[index]) == places[index]:
                    del self._lookup[digests[index]]


class _Segment:
    """What one process has written, as every process reads it."""

    def __init__(self, stem: Path, key: CacheKey) -> None:
        self._data_file = stem.with_suffix(".data")
        self._index_file = stem.with_suffix(".index")
        self._key = key
        self._records: NDArray[Any] = np.zeros((0, *key.shape), key.stored)
        self._checksums = np.zeros(0, np.uint32)
        self._checked = np.zeros(0, np.bool_)

    @property
    def count(self) -> int:
        """The number of records known by now."""
        return len(self._checksums)

    def new_entries(self) -> NDArray[Any]:
        """The whole entries with whole records beyond `count`."""
        try:
            with self._index_file.open("rb") as stream:
                stream.seek(self.count * _ENTRY.itemsize)
                raw = stream.read()
            # After the index: data is written before it, so that it is not shorter.
            size = self._data_file.stat().st_size
        except OSError:  # deleted, or not for us: there is nothing to read
            return np.zeros(0, _ENTRY)
        whole = min(
            len(raw) // _ENTRY.itemsize, size // self._key.record_bytes - self.count
        )
        return np.frombuffer(raw, _ENTRY, max(whole, 0))

    def add(self, entries: NDArray[Any]) -> None:
        """Makes entries known."""
        self._checksums = np.concatenate([self._checksums, entries["checksum"]])
        self._checked = np.concatenate([self._checked, np.zeros(len(entries), bool)])

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

    def _mapped(self, count: int) -> NDArray[Any]:
        if len(self._records) < count:
            with self._data_file.open("rb") as stream:
                self._map(stream.fileno())
        return self._records

    def _map(self, descriptor: int) -> None:
        count = self.count
        size = count * self._key.record_bytes
        mapped = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
        flat = np.frombuffer(mapped, self._records.dtype)
        self._records = flat.reshape(count, *self._key.shape)


class _OwnSegment(_Segment):
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
        return np.zeros(0, _ENTRY)

    def _mapped(self, count: int) -> NDArray[Any]:
        if len(self._records) < count:
            self._map(self._data.fileno())
        return self._records


class _UseLock:
    """A file that says "in use" for as long as its process lives.

    The system gives the lock back however the process ends, so that neither a dead
    process nor another one with its number is taken for it. Where the disk has no
    locks it is not held, and pruning treats what it finds as used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream = FileIO(path, "a")
        self.held = _try_lock(self._stream.fileno())

    def close(self) -> None:
        """Gives the lock back and leaves the file."""
        self._stream.close()

    def release(self) -> None:
        """Gives the lock back and deletes the file."""
        self.close()
        with contextlib.suppress(OSError):  # left behind, it is seen to be free
            self.path.unlink(missing_ok=True)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class CacheEntry:
    """The cache of one key, as it lies on the disk.

    Attributes:
        folder: where.
        size: in bytes.
        last_use: in seconds since 1970.
        in_use: whether a living process has it open.
    """

    folder: Path
    size: int
    last_use: float
    in_use: bool

    @property
    def about(self) -> dict[str, Any]:
        """The fields of its `CacheKey`; empty if they cannot be read."""
        try:
            value = json.loads((self.folder / _ABOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}


class CacheStore:
    """All caches of a root: how large they are, and how they are made smaller."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def entries(self) -> list[CacheEntry]:
        """The caches, least recently used first."""
        folders = [f for f in _listed(self._root) if _FOLDER_NAME.fullmatch(f.name)]
        entries = [_entry_of(folder) for folder in folders if folder.is_dir()]
        return sorted(entries, key=lambda entry: (entry.last_use, entry.folder))

    def size(self) -> int:
        """What all of them take, in bytes."""
        return sum(entry.size for entry in self.entries())

    def limit(self) -> int:
        """What they may take, in bytes: a tenth of what would be free without them."""
        existing = self._root.absolute()
        while not existing.exists() and existing != existing.parent:
            existing = existing.parent
        free = shutil.disk_usage(existing).free + self.size()
        return min(int(free * FREE_SHARE), LARGEST_LIMIT)

    def prune(self, limit: int | None = None) -> int:
        """Deletes caches that nobody uses, least recently used first.

        Args:
            limit: until all take no more bytes than this; None for `limit()`.

        Returns:
            What they take now, in bytes.
        """
        allowed = self.limit() if limit is None else limit
        entries = self.entries()
        size = sum(entry.size for entry in entries)
        for entry in entries:
            if size <= allowed:
                break
            if not entry.in_use:
                size -= _delete(entry.folder)
        return size

    def clear(self) -> int:
        """Deletes everything, used or not; returns the bytes that are left.

        A process that uses a cache goes on. Windows keeps the files that are mapped.
        """
        for entry in self.entries():
            _delete(entry.folder)
        with contextlib.suppress(OSError):
            (self._root / _DIGESTS_FILE).unlink(missing_ok=True)
        return self.size()


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
        self._file = root / _DIGESTS_FILE
        self._limit = limit
        self._lock = threading.Lock()
        self._contents = _load_digests(self._file)
        self._is_changed = False

    def of(self, file: Path) -> bytes:
        """The digest of a file's content, 16 bytes; reads the file if it must.

        Raises:
            OSError: the file cannot be read.
        """
        status = file.stat()
        name = _digest_of_status(file, status)
        with self._lock:
            content = self._contents.pop(name, None)
            if content is not None:
                self._contents[name] = content  # now the one used last
                return content
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, _blake2b).digest()
            after = os.fstat(stream.fileno())
        settled = time.time_ns() - status.st_mtime_ns > _SETTLED_NS
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


def _blake2b() -> Any:
    return hashlib.blake2b(digest_size=DIGEST_BYTES)


def _checksum(digest: bytes, record: NDArray[Any]) -> int:
    """Over the name too, so that a record under a wrong name is damaged."""
    return zlib.crc32(record.data, zlib.crc32(digest))


def _pack(
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
    entries = np.zeros(len(names), _ENTRY)
    entries["digest"] = np.frombuffer(b"".join(names), _ENTRY["digest"])
    entries["checksum"] = [*map(_checksum, names, records)]
    return entries, records


def _write_all(stream: FileIO, values: NDArray[Any]) -> None:
    rest = values.reshape(-1).view(np.uint8).data
    while rest:
        rest = rest[stream.write(rest) :]


def _fill(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def _new_stem(folder: Path) -> Path:
    return folder / f"{os.getpid()}-{time.time_ns()}"


def _touch(folder: Path) -> None:
    with contextlib.suppress(OSError):  # deleted, or only readable: no use to note
        os.utime(folder / _ABOUT)


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # deleted, or never made
        return []


def _stems(folder: Path) -> list[Path]:
    """The segments of a folder, in the order in which they were begun."""
    stems = [
        file.with_suffix("")
        for file in _listed(folder)
        if file.suffix == ".index" and _OUR_FILES.fullmatch(file.name)
    ]
    return sorted(stems, key=lambda stem: int(stem.name.split("-")[1]))


def _entry_of(folder: Path) -> CacheEntry:
    size, last_use = 0, 0.0
    for file in _listed(folder):
        with contextlib.suppress(OSError):  # deleted meanwhile
            status = file.stat()
            size += status.st_size
            if file.name == _ABOUT:
                last_use = status.st_mtime
    return CacheEntry(folder, size, last_use, _is_used(folder))


def _is_used(folder: Path) -> bool:
    """Whether a living process holds a lock; deletes locks of the dead."""
    for file in _listed(folder):
        if file.suffix == ".lock":
            try:
                lock = _UseLock(file)
            except OSError:  # not ours to judge
                return True
            if not lock.held:
                lock.close()
                return True
            lock.release()
    return False


def _delete(folder: Path) -> int:
    """Deletes our files in a folder; returns how many bytes went."""
    deleted = 0
    for file in _listed(folder):
        if _OUR_FILES.fullmatch(file.name):
            with contextlib.suppress(OSError):  # mapped (Windows) or deleted meanwhile
                size = file.stat().st_size
                file.unlink()
                deleted += size
    with contextlib.suppress(OSError):  # something is left in it
        folder.rmdir()
    return deleted


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
    pairs = np.frombuffer(body, _ENTRY["digest"]).reshape(-1, 2)
    return dict(zip(pairs[:, 0].tolist(), pairs[:, 1].tolist(), strict=True))
