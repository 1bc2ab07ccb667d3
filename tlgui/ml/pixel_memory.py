"""Decoded samples in memory, so that no file is decoded twice while there is room."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tlgui.core.types import Pixels

# Decoded samples are kept up to this size; beyond it they are decoded again.
MEMORY_BUDGET = 500_000_000
# A file that was changed this short a time ago may change again unnoticed, because
# some disks (FAT) count time in steps of two seconds.
SETTLED_NS = 2_000_000_000


class Stamp(NamedTuple):
    """What tells one state of a file from another without reading it.

    Attributes:
        size: in bytes.
        changed: when, in nanoseconds since 1970.
    """

    size: int
    changed: int


def stamp_of(file: Path) -> Stamp | None:
    """The state of a file; None where it cannot be told, or may change unnoticed."""
    try:
        status = file.stat()
    except OSError:
        return None
    if time.time_ns() - status.st_mtime_ns <= SETTLED_NS:
        return None
    return Stamp(status.st_size, status.st_mtime_ns)


class PixelMemory:
    """What files were decoded to, within a budget, and in which state they were.

    For any number of threads. What is first met stays: every epoch asks for every
    sample, and what were used last would always be gone when it is asked for.
    """

    def __init__(self, budget: int | None = None) -> None:
        self._room = MEMORY_BUDGET if budget is None else budget
        self._kept: dict[Path, tuple[Pixels, Stamp]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """The number of files that are kept."""
        return len(self._kept)

    def read(
        self, file: Path, decode: Callable[[Path], Pixels]
    ) -> tuple[Pixels, Stamp | None]:
        """Decodes a file unless that was done.

        Args:
            file: which.
            decode: reads it; what it raises gets out.

        Returns:
            The decoded sample, and the state of the file that it shows: None if
            that is not certain, and then it is not kept either.
        """
        kept = self._kept.get(file)
        if kept is not None:
            return kept
        before = stamp_of(file)
        pixels = decode(file)
        if before is None or before != stamp_of(file):
            return pixels, None
        with self._lock:
            if self._room >= pixels.nbytes and file not in self._kept:
                self._room -= pixels.nbytes
                self._kept[file] = pixels, before
        return pixels, before

    def forget_unless(self, file: Path, stamp: Stamp) -> None:
        """Lets go of a sample that shows another state of its file."""
        with self._lock:
            kept = self._kept.get(file)
            if kept is not None and kept[1] != stamp:
                self._room += kept[0].nbytes
                del self._kept[file]
