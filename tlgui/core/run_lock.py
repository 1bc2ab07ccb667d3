"""One trainer for a run."""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tlgui.core import folder_lock
from tlgui.core.errors import TlguiError, cannot_write
from tlgui.core.folder_lock import FolderLock, HeldError, Holder, LockNames

_NAMES = LockNames("training.lock", "training.json")
# Whoever asks whether a run is trained has its lock for a moment.
_TRIES, _PAUSE = 5, 0.05


class TrainedElsewhereError(TlguiError):
    """Another process trains the run.

    Attributes:
        holder: who; None if that cannot be read.
    """

    def __init__(self, folder: Path, holder: Holder | None) -> None:
        who = "" if holder is None else f" by {holder.described()}"
        super().__init__(
            f"The run {folder} is being trained at this moment{who}. Wait for its end "
            "or stop it there, then try again."
        )
        self.holder = holder


class RunLock:
    """Holds a run while it is trained.

    The lock ends with the process, however that ends; see `FolderLock`. A finished run
    shows no trace of it.
    """

    def __init__(self, folder: Path) -> None:
        """Takes the lock.

        Args:
            folder: of the run.

        Raises:
            TrainedElsewhereError: another process has it.
            TlguiError: this program may not write there.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                self._lock = FolderLock(folder, _NAMES, leaves_traces=False)
            except HeldError as error:
                if not tries_left:
                    raise TrainedElsewhereError(folder, error.holder) from error
                time.sleep(_PAUSE)
            except OSError as error:
                raise cannot_write(folder / _NAMES.lock, error) from error
            else:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


def is_in_training(folder: Path) -> bool:
    """Whether some process trains the run at this moment."""
    return folder_lock.is_held(folder, _NAMES)


def check_not_in_training(folder: Path) -> None:
    """Makes sure that a run may be moved or deleted.

    Raises:
        TrainedElsewhereError: a process trains it.
    """
    if is_in_training(folder):
        raise TrainedElsewhereError(folder, folder_lock.read_holder(folder, _NAMES))
