"""One run at a time prepares a source tree."""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from installer.console import say

PAUSE = 0.5
"""Seconds between two looks at a lock that another run holds."""


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Waits until no other run prepares the same tree, and keeps others waiting.

    The lock is the operating system's, so that it ends with its process.

    Args:
        root: The folder of the source tree.
    """
    (root / "build").mkdir(exist_ok=True)
    with (root / "build" / "from_source.lock").open("a+b") as file:
        if not _locked(file.fileno()):
            say("Another run is preparing the same folder: waiting for it.")
            while not _locked(file.fileno()):
                time.sleep(PAUSE)
        yield


def _locked(descriptor: int) -> bool:
    """Takes the lock, which goes when the file is closed, or tells it is taken.

    Where the file system knows no locks, two runs at once are the lesser evil.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True
