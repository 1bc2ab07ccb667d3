"""One process at a time for a folder: who has it, and what a crash leaves behind."""

import contextlib
import errno
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
from tlgui.core.project_paths import inside, is_plain_file, read_json

_LONGEST = 200


@dataclass(frozen=True)
class Holder:
    """Who has a folder.

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

    def described(self) -> str:
        """As a part of a sentence."""
        since = self.since.replace("T", " ")
        return f"{self.user} on {self.host} (process {self.pid}, since {since})"


@dataclass(frozen=True)
class LockNames:
    """What the two files of a lock are called in its folder.

    Attributes:
        lock: the file that is locked; it is empty.
        holder: says who has it, and counts only while the lock is held.
    """

    lock: str
    holder: str


class HeldError(Exception):
    """Another process has the folder.

    Attributes:
        holder: who; None if that cannot be read.
    """

    def __init__(self, holder: Holder | None) -> None:
        super().__init__()
        self.holder = holder


class FolderLock:
    """Holds a folder for as long as this process lives, or until it is released.

    The lock is the system's own, on an open file: it ends with the process, however
    that ends, so that nothing has to be cleaned up after a crash. On a disk without
    locks the holder's file alone decides, and a process of this computer that is gone
    no longer holds anything.
    """

    def __init__(
        self, folder: Path, names: LockNames, *, leaves_traces: bool = True
    ) -> None:
        """Takes the lock.

        Args:
            folder: which.
            names: of the files in it.
            leaves_traces: whether the empty file stays when the lock is released.

        Raises:
            HeldError: another process has it.
            OSError, TlguiError: this program may not write there.
        """
        self.folder = folder
        self._names = names
        self._leaves_traces = leaves_traces
        self._file = inside(folder, names.lock)
        self._stream = self._take()
        holder = inside(folder, names.holder)
        storage.drop_drafts(holder)  # of a holder that was killed
        try:
            storage.write_json(holder, asdict(_us()))
        except TlguiError:
            self._stream.close()
            raise

    def _take(self) -> FileIO:
        while True:
            if os.path.lexists(self._file) and not is_plain_file(self._file):
                raise OSError(errno.EINVAL, "it is not a file", str(self._file))
            stream = FileIO(self._file, "a")
            if _is_elsewhere(stream, self.folder, self._names):
                stream.close()
                raise HeldError(read_holder(self.folder, self._names))
            if self._leaves_traces or self._is_file_of(stream):
                return stream
            stream.close()  # its last holder has just removed it

    def _is_file_of(self, stream: FileIO) -> bool:
        try:
            there = self._file.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(os.fstat(stream.fileno()), there)

    def release(self) -> None:
        """Gives the folder back."""
        with contextlib.suppress(OSError):
            (self.folder / self._names.holder).unlink(missing_ok=True)
        if self._leaves_traces:
            self._stream.close()
            return
        if os.name == "nt":  # where no open file can be removed
            self._stream.close()
        with contextlib.suppress(OSError):
            self._file.unlink()
        self._stream.close()


def is_held(folder: Path, names: LockNames) -> bool:
    """Whether some process has a folder at this moment."""
    file = folder / names.lock
    if not is_plain_file(file):
        return False
    try:
        with FileIO(file, "r") as stream:
            return _is_elsewhere(stream, folder, names)
    except OSError:  # who may not even read it does not know
        return False


def read_holder(folder: Path, names: LockNames) -> Holder | None:
    """Who says to have a folder; None if nobody does so legibly."""
    try:
        values = read_json(folder / names.holder)
        texts = [str(values[name])[:_LONGEST] for name in ("host", "user", "since")]
        return Holder(texts[0], texts[1], int(values["pid"]), texts[2])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_elsewhere(stream: FileIO, folder: Path, names: LockNames) -> bool:
    """Asks for the lock of an open file, and says whether another process has it."""
    answer = ask_for_lock(stream.fileno())
    if answer is LockAnswer.NO_LOCKS_HERE:
        holder = read_holder(folder, names)
        return holder is not None and not _is_gone(holder)
    return answer is LockAnswer.HELD_ELSEWHERE


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
