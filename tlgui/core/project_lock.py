"""One writer for a project: who holds it, and what a crash leaves behind."""

import contextlib
import getpass
import os
import platform
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path

from tlgui.core import storage
from tlgui.core.errors import TlguiError
from tlgui.core.file_lock import LockAnswer, ask_for_lock
from tlgui.core.project_folder import now_text
from tlgui.core.project_paths import HOLDER, LOCK, inside, read_json

_LONGEST = 200


@dataclass(frozen=True)
class Holder:
    """Who has a project open for writing.

    Attributes:
        host: the computer's name.
        user: the person's name on it.
        pid: the number of the process.
        since: in ISO 8601.
    """

    host: str
    user: str
    pid: int
    since: str


class HeldElsewhereError(TlguiError):
    """Another window has the project open.

    Attributes:
        holder: who; None if that cannot be read.
    """

    def __init__(self, folder: Path, holder: Holder | None) -> None:
        who = "another window"
        if holder is not None:
            who = (
                f"{holder.user} on {holder.host} (process {holder.pid}, since "
                f"{holder.since.replace('T', ' ')})"
            )
        super().__init__(
            f"The project {folder} is open already: {who} has it. Close it there, or "
            "open it here for reading only."
        )
        self.holder = holder


class CannotLockError(TlguiError):
    """A project lies where this program may not write."""


class ProjectLock:
    """Holds a project for as long as this process lives, or until it is released.

    The lock is the system's own, on an open file: it ends with the process, however
    that ends, so that nothing has to be cleaned up after a crash. Who holds it stands
    in a file beside it, which counts only while the lock is held. On a disk without
    locks that file alone decides, and a process of this computer that is gone no
    longer holds anything.
    """

    def __init__(self, folder: Path) -> None:
        """Takes the lock.

        Raises:
            HeldElsewhereError: another window has it.
            CannotLockError: this program may not write there.
        """
        self.folder = folder
        self._stream = self._open()
        answer = ask_for_lock(self._stream.fileno())
        holder = read_holder(folder)
        elsewhere = answer is LockAnswer.HELD_ELSEWHERE
        if answer is LockAnswer.NO_LOCKS_HERE:
            elsewhere = holder is not None and not _is_gone(holder)
        if elsewhere:
            self._stream.close()
            raise HeldElsewhereError(folder, holder)
        try:
            storage.write_json(inside(folder, HOLDER), asdict(_us()))
        except TlguiError as error:
            self._stream.close()
            raise CannotLockError(_unwritable(folder, str(error))) from error

    def _open(self) -> FileIO:
        try:
            return FileIO(inside(self.folder, LOCK), "a")
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotLockError(_unwritable(self.folder, reason)) from error

    def release(self) -> None:
        """Gives the project back; the empty lock file stays, as all wait at it."""
        with contextlib.suppress(OSError):
            (self.folder / HOLDER).unlink(missing_ok=True)
        self._stream.close()


def read_holder(folder: Path) -> Holder | None:
    """Who says to hold a project; None if nobody does so legibly."""
    try:
        values = read_json(folder / HOLDER)
        texts = [str(values[name])[:_LONGEST] for name in ("host", "user", "since")]
        return Holder(texts[0], texts[1], int(values["pid"]), texts[2])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _us() -> Holder:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name in the system's table
        user = "?"
    return Holder(platform.node(), user, os.getpid(), now_text())


def _is_gone(holder: Holder) -> bool:
    """Whether a process of this computer has ended; never said of another one's."""
    if holder.host != platform.node() or os.name == "nt":
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _unwritable(folder: Path, reason: str) -> str:
    return (
        f"The project {folder} lies where this program may not write ({reason}). It is "
        "open for reading only. Save a copy of it elsewhere to work with it."
    )
