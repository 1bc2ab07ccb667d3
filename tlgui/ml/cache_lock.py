"""A file that is locked for as long as its process lives."""

import contextlib
import sys
from io import FileIO
from pathlib import Path


class UseLock:
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
