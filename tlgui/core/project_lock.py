"""One writer for a project."""

from pathlib import Path

from tlgui.core import folder_lock
from tlgui.core.errors import TlguiError
from tlgui.core.folder_lock import FolderLock, HeldError, Holder, LockNames
from tlgui.core.project_paths import HOLDER, LOCK, inside

_NAMES = LockNames(LOCK, HOLDER)


class HeldElsewhereError(TlguiError):
    """Another window has the project open.

    Attributes:
        holder: who; None if that cannot be read.
    """

    def __init__(self, folder: Path, holder: Holder | None) -> None:
        who = "another window" if holder is None else holder.described()
        super().__init__(
            f"The project {folder} is open already: {who} has it. Close it there, or "
            "open it here for reading only."
        )
        self.holder = holder


class CannotLockError(TlguiError):
    """A project lies where this program may not write."""


class ProjectLock:
    """Holds a project for as long as this process lives, or until it is released.

    The empty lock file stays, as all wait at it.
    """

    def __init__(self, folder: Path) -> None:
        """Takes the lock.

        Raises:
            HeldElsewhereError: another window has it.
            CannotLockError: this program may not write there.
            TlguiError: the lock leads out of the folder.
        """
        inside(folder, LOCK)  # a link is no matter of permissions
        try:
            self._lock = FolderLock(folder, _NAMES)
        except HeldError as error:
            raise HeldElsewhereError(folder, error.holder) from error
        except TlguiError as error:
            raise CannotLockError(_unwritable(folder, str(error))) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotLockError(_unwritable(folder, reason)) from error

    def release(self) -> None:
        """Gives the project back."""
        self._lock.release()


def read_holder(folder: Path) -> Holder | None:
    """Who says to hold a project; None if nobody does so legibly."""
    return folder_lock.read_holder(folder, _NAMES)


def _unwritable(folder: Path, reason: str) -> str:
    return (
        f"The project {folder} lies where this program may not write ({reason}). It is "
        "open for reading only. Save a copy of it elsewhere to work with it."
    )
