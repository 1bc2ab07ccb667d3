"""Locks on files, which the system gives back however their process ends."""

import errno
import sys
from enum import Enum

_HELD_ELSEWHERE = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class LockAnswer(Enum):
    """What came of asking for a lock."""

    OURS = "ours"
    HELD_ELSEWHERE = "held elsewhere"
    NO_LOCKS_HERE = "no locks here"


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def ask_for_lock(descriptor: int) -> LockAnswer:
    """Asks for the lock of an open file, without waiting for it.

    Closing the file gives it back; so does the end of the process, be it by a kill
    or a power cut.
    """
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _HELD_ELSEWHERE:
            return LockAnswer.HELD_ELSEWHERE
        return LockAnswer.NO_LOCKS_HERE
    return LockAnswer.OURS


def try_lock(descriptor: int) -> bool:
    """Whether the lock of an open file could be had, without waiting for it."""
    return ask_for_lock(descriptor) is LockAnswer.OURS
