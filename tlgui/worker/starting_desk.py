"""Reads, in the reader's thread, the models that a run can start from."""

import threading
import traceback
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from tlgui.core.errors import TlguiError
from tlgui.core.starting_point import (
    StartingPoint,
    imported_models,
    open_starting_point,
    remove_imported,
)


class StartingDesk(QObject):
    """Lives in the reader's thread.

    Signals:
        starting_points_read(object, str): as `Reader.starting_points_read`.
        bug_found(str): as `Reader.bug_found`.
    """

    starting_points_read = Signal(object, str)
    bug_found = Signal(str)

    def __init__(self, closing: threading.Event) -> None:
        super().__init__()
        self._closing = closing

    @Slot(object)
    def read(self, runs: Sequence[str]) -> None:
        """Reads some finished runs, and everything that was imported."""
        if not self._closing.is_set():
            self._answer(runs, "")

    @Slot(str, object)
    def remove(self, folder: str, runs: Sequence[str]) -> None:
        """Deletes an imported model, and reads what there is then."""
        if self._closing.is_set():
            return
        trouble = ""
        try:
            remove_imported(Path(folder))
        except TlguiError as error:
            trouble = str(error)
        except Exception:  # noqa: BLE001 - told as a bug of ours
            self.bug_found.emit(traceback.format_exc())
        self._answer(runs, trouble)

    def _answer(self, runs: Sequence[str], trouble: str) -> None:
        points, problems = _open(runs)
        try:
            imported, refused = imported_models()
            points += imported
            problems += refused
        except TlguiError as error:
            problems.append(str(error))
        except Exception:  # noqa: BLE001 - told as a bug of ours
            self.bug_found.emit(traceback.format_exc())
        problems = [trouble, *problems] if trouble else problems
        self.starting_points_read.emit(tuple(points), "\n".join(problems))


def _open(runs: Sequence[str]) -> tuple[list[StartingPoint], list[str]]:
    """The runs that can be read; a folder that is gone is no damage."""
    points: list[StartingPoint] = []
    damaged: list[str] = []
    for folder in map(Path, runs):
        try:
            if folder.is_dir():
                points.append(open_starting_point(folder))
        except (TlguiError, OSError, ValueError) as error:
            damaged.append(str(error))
    return points, damaged
