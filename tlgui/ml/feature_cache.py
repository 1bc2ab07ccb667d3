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
import itertools
import math
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tlgui.core import storage
from tlgui.core.errors import TlguiError, cannot_write
from tlgui.core.types import Floats, Labels
from tlgui.ml.cache_key import ABOUT, DIGEST_BYTES, CacheKey, touch
from tlgui.ml.cache_lock import UseLock
from tlgui.ml.cache_segment import OwnSegment, Segment, new_stem, pack, stems
from tlgui.ml.notices import Notices

_NO_ROOM = "The kept features have used up the disk space that they may have."

_GOES_ON = "Training goes on, only slower: what is not kept is computed again."

_DELETED = (
    "The kept features were deleted while the run was using them. The run goes on and "
    "computes and keeps again what it still needs."
)

_ROW_BITS = 32

# Mapped pages are given back after so many bytes; the system maps this much around
# a page that is asked for. Measured with both at random places: at most 520 MB.
_RESIDENT, _AROUND = 50_000_000, 65_536


class FeatureCache:
    """The records of one key.

    For any number of processes at once, and within one for a thread that writes and
    threads that read. No trouble with the disk gets out: a record that cannot be
    read is absent, and when writing fails the cache only stops growing.

    A record is compared with its checksum when this process reads it for the first
    time, not when it opens the cache: that would read every byte before the first
    batch, 9 GB for 100,000 records of 90 kB, also those that nobody asks for.

    Attributes:
        key: which records.
        writable: whether `put_many` still keeps anything.
        trouble: the sentence that says why not; empty while all is well.
    """

    def __init__(
        self,
        root: Path,
        key: CacheKey,
        room: int | None = None,
        notices: Notices | None = None,
    ) -> None:
        """Opens the cache, and makes its folder if need be.

        Args:
            root: the folder of all caches.
            key: which of them.
            room: how many bytes may be added; None for as many as the disk takes.
            notices: given a sentence for every trouble.
        """
        self.writable = True
        self.trouble = ""
        self.key = key
        self._notices = notices
        self._folder = root / key.folder
        self._room = math.inf if room is None else room
        self._writing, self._state = threading.Lock(), threading.Lock()
        self._lookup: dict[bytes, int] = {}  # to the segment's number and the row
        self._segments: list[Segment] = []
        self._touched = 0
        self.stems: set[Path] = set()
        self._own: OwnSegment | None = None
        self._lock: UseLock | None = None
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
        self._let_go(segments, len(digests))
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

    def _let_go(self, segments: list[Segment], coming: int) -> None:
        self._touched += coming * max(self.key.record_bytes, _AROUND)
        if self._touched > _RESIDENT:
            self._touched = 0
            for segment in segments:
                segment.let_go()

    def set_room(self, room: int) -> None:
        """Allows so many bytes to be added from now on."""
        self._room = room

    def as_kept(self, features: Floats) -> Floats:
        """Features as they come back: rounded if they are kept in half precision.

        A value beyond what float16 holds stays: such a record is not kept.
        """
        if self.key.stored == features.dtype:
            return features
        with np.errstate(over="ignore"):
            rounded = features.astype(self.key.stored).astype(np.float32)
        return np.where(np.isfinite(rounded), rounded, features)

    def put_many(self, digests: Sequence[bytes], features: Floats) -> None:
        """Adds the records that are not there yet.

        A record that float16 cannot hold (a value beyond 65504) is not kept.

        Args:
            digests: their names, n of them.
            features: shape `(n, *key.shape)`.

        Raises:
            ValueError: names or shapes do not fit; never for trouble with the disk.
        """
        expected = (len(digests), *self.key.shape)
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
                    self._append(*pack(new, features, self.key.stored))

    def close(self) -> None:
        """Ends reading and writing; what was read stays the caller's."""
        with self._writing, self._state:
            self._closed, self.writable = True, False
            self._lookup, self._segments = {}, []
            if self._own is not None:
                self._own.close()
            if self._lock is not None:
                touch(self._folder)
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
        return np.zeros((count, *self.key.shape), np.float32)

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
            self._note("no writing", self.trouble)

    def _note(self, kind: str, sentence: str) -> None:
        if self._notices is not None:
            self._notices.add(kind, sentence)

    def _prepare_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._lock is None or not self._lock.path.exists():
            if self._lock is not None:
                self._note("deleted", _DELETED)
                self._lock.release()
            self._lock = UseLock(new_stem(self._folder).with_suffix(".lock"))
        if not (self._folder / ABOUT).exists():
            about = dataclasses.asdict(self.key)
            storage.write_json(self._folder / ABOUT, about)
        touch(self._folder)

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

    def _begin_segment(self) -> OwnSegment:
        stem = new_stem(self._folder)
        with self._state:
            self.stems.add(stem)
            own = OwnSegment(stem, self.key)
            self._segments.append(own)
        return own

    def _find(self, digests: Sequence[bytes]) -> tuple[list[Segment], Labels]:
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
            for stem in stems(self._folder):
                if stem not in self.stems:
                    self.stems.add(stem)
                    self._segments.append(Segment(stem, self.key))
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
