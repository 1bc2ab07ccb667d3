"""How large the kept features are, and how they are made smaller."""

import contextlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlgui.ml.cache_key import ABOUT, OUR_FILES, listed
from tlgui.ml.cache_lock import UseLock
from tlgui.ml.content_digests import DIGESTS_FILE

LARGEST_LIMIT = 20_000_000_000

FREE_SHARE = 0.1

_FOLDER_NAME = re.compile(r"[0-9a-f]{16}")


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
            value = json.loads((self.folder / ABOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}


class CacheStore:
    """All caches of a root: how large they are, and how they are made smaller."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def entries(self) -> list[CacheEntry]:
        """The caches, least recently used first."""
        folders = [f for f in listed(self._root) if _FOLDER_NAME.fullmatch(f.name)]
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
            (self._root / DIGESTS_FILE).unlink(missing_ok=True)
        return self.size()


def _entry_of(folder: Path) -> CacheEntry:
    size, last_use = 0, 0.0
    for file in listed(folder):
        with contextlib.suppress(OSError):  # deleted meanwhile
            status = file.stat()
            size += status.st_size
            if file.name == ABOUT:
                last_use = status.st_mtime
    return CacheEntry(folder, size, last_use, _is_used(folder))


def _is_used(folder: Path) -> bool:
    """Whether a living process holds a lock; deletes locks of the dead."""
    for file in listed(folder):
        if file.suffix == ".lock":
            try:
                lock = UseLock(file)
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
    for file in listed(folder):
        if OUR_FILES.fullmatch(file.name):
            with contextlib.suppress(OSError):  # mapped (Windows) or deleted meanwhile
                size = file.stat().st_size
                file.unlink()
                deleted += size
    with contextlib.suppress(OSError):  # something is left in it
        folder.rmdir()
    return deleted
