"""The remembered choices on the disk, which several windows share."""

import dataclasses
import logging
import threading
import time
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar

from tlgui.core.errors import cannot_write
from tlgui.core.file_lock import LockAnswer, ask_for_lock
from tlgui.core.settings import (
    RECENT_KEPT,
    AppSettings,
    RecentProject,
    find_settings,
    write_settings,
)

_log = logging.getLogger(__name__)

# A window holds the lock for milliseconds, unless the system has stopped it.
_PATIENCE, _PAUSE = 3.0, 0.02
_LISTS = ("recent_folders", "recent_runs", "recent_projects")
Entry = TypeVar("Entry")


class SettingsFile:
    """Writes only what this window has changed into what others have written.

    For any number of threads and processes: one at a time reads, merges and writes.
    Where nothing was read before, everything counts as changed.
    """

    def __init__(self, file: Path) -> None:
        """Args: file: where the settings lie."""
        self._file = file
        self._known: AppSettings | None = None
        self._ours = threading.Lock()

    def read(self) -> AppSettings:
        """Reads the settings; what is changed later is told from them."""
        with self._ours:
            found = find_settings(self._file) or AppSettings()
            self._known = found
            return found

    def write(self, values: AppSettings) -> None:
        """Writes what differs from what was read or written last.

        Raises:
            TlguiError: the system refused to write; the next time tries again.
        """
        with self._ours:
            known = self._known
            if values == known and self._file.exists():
                return
            with self._alone():
                there = find_settings(self._file)
                if known is not None and there is not None:
                    write_settings(merge(known, values, there), self._file)
                else:
                    write_settings(values, self._file)
            self._known = values

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other process reads and writes."""
        lock = self._file.with_suffix(".lock")
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            stream = FileIO(lock, "a")
        except OSError as error:
            raise cannot_write(self._file, error) from error
        with stream:
            deadline = time.monotonic() + _PATIENCE
            while ask_for_lock(stream.fileno()) is LockAnswer.HELD_ELSEWHERE:
                if time.monotonic() > deadline:
                    # A window that the system has stopped must not stop this one.
                    _log.info("%s is locked; the settings are written anyway", lock)
                    break
                time.sleep(_PAUSE)
            yield


def merge(before: AppSettings, ours: AppSettings, there: AppSettings) -> AppSettings:
    """What two windows have changed, each its own fields.

    Args:
        before: what this window began with.
        ours: what it has now.
        there: what is on the disk.

    Returns:
        The fields on the disk, with those in their place that this window changed. In
        a list of recent things, those that came to the front here stand before what
        other windows have added.
    """
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(AppSettings):
        old, new, other = (getattr(one, field.name) for one in (before, ours, there))
        if old == new:
            continue
        changes[field.name] = _merged(old, new, other) if field.name in _LISTS else new
    return dataclasses.replace(there, **changes)


def _merged(
    before: Sequence[Entry], ours: Sequence[Entry], there: Sequence[Entry]
) -> tuple[Entry, ...]:
    count = _moved_up(before, ours)
    here = {_key(entry) for entry in ours}
    taken = {_key(entry) for entry in ours[:count]}
    taken |= {_key(entry) for entry in before if _key(entry) not in here}  # removed
    others = [entry for entry in there if _key(entry) not in taken]
    return (*ours[:count], *others)[:RECENT_KEPT]


def _moved_up(before: Sequence[Entry], ours: Sequence[Entry]) -> int:
    """How many entries came to the front: the others are as they were before."""
    for count in range(len(ours)):
        rest = iter(before)
        if all(any(entry == old for old in rest) for entry in ours[count:]):
            return count
    return len(ours)


def _key(entry: object) -> Hashable:
    return entry.folder if isinstance(entry, RecentProject) else str(entry)
