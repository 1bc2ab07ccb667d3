"""The user's trouble, apart from our bugs."""

import errno
from pathlib import Path


class TlguiError(Exception):
    """Something the person at the screen can mend.

    Its text is one or two whole sentences: what was expected, what was found
    (which file), and what to do. Every other exception is a bug of ours.
    """


class DivergedError(TlguiError):
    """The steps of a training were too large: its loss is no number any more."""


class Stopped(Exception):  # noqa: N818 - a request that was met, not an error
    """The person asked for a stop, and the work ended where it was safe."""


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, in Python or in TensorFlow, which names it otherwise."""
    return isinstance(error, MemoryError) or (
        type(error).__name__ == "ResourceExhaustedError"
    )


_REASONS = {
    errno.ENOSPC: "the disk is full; free some space there and try again",
    errno.EDQUOT: "your disk quota is used up; free some space there and try again",
    errno.EACCES: "permission was denied; choose a folder that you may write to",
    errno.EPERM: "permission was denied; choose a folder that you may write to",
    errno.EROFS: "it is on a read-only disk; choose another folder",
    errno.EIO: "the disk reported a fault; check the disk or choose another one",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ENOTDIR: "part of the path is a file, not a folder; choose another folder",
    errno.ENOENT: "the folder does not exist; choose one that does",
    errno.EEXIST: "it exists already; choose another name",
}


def cannot_write(path: Path, error: OSError) -> TlguiError:
    """Turns a failed write into the sentence that the person reads.

    Args:
        path: the file or folder that was to be written.
        error: what the system answered.

    Returns:
        A `TlguiError` naming the path, the reason and what to do.
    """
    reason = _REASONS.get(error.errno or 0, f"the system answered: {error.strerror}")
    return TlguiError(f"Cannot write to {path}: {reason}.")
