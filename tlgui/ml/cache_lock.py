"""A file that is locked for as long as its process lives."""

import contextlib
from io import FileIO
from pathlib import Path

from tlgui.core.file_lock import try_lock


class UseLock:
    """A file that says "in use" for as long as its process lives.

    The system gives the lock back however the process ends, so that neither a dead
    process nor another one with its number is taken for it. Where the disk has no
    locks it is not held, and pruning treats what it finds as used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream = FileIO(path, "a")
        self.held = try_lock(self._stream.fileno())

    def close(self) -> None:
        """Gives the lock back and leaves the file."""
        self._stream.close()

    def release(self) -> None:
        """Gives the lock back and deletes the file."""
        self.close()
        with contextlib.suppress(OSError):  # left behind, it is seen to be free
            self.path.unlink(missing_ok=True)
