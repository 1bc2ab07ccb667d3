"""The work of the reader's thread: folders, thumbnails, runs and their places."""

import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from tlgui import paths
from tlgui.core.errors import Stopped, TlguiError, cannot_write
from tlgui.core.images import UnreadableError
from tlgui.core.run import REPORT, check_new_run, new_run_name, open_run
from tlgui.core.scan import scan
from tlgui.core.task import Task

PROGRESS_SECONDS = 0.05


@dataclass(frozen=True)
class KeptActivations:
    """What frozen layers saw, as it lies on the disk.

    Attributes:
        size: in bytes.
        limit: what it may take, in bytes.
        freed: what was just deleted, in bytes; None if that was not asked for.
    """

    size: int
    limit: int
    freed: int | None = None


@dataclass(frozen=True, eq=False)
class ScanRequest:
    """One request; late words of an earlier one are told apart by identity."""

    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)


class ReadingDesk(QObject):
    """Lives in the reader's thread and does the work.

    Signals:
        scan_progressed(ScanRequest, int, int): files done, files in all.
        scan_ended(ScanRequest, Dataset or None, str): as `Reader.scan_ended`.
        run_opened(object, object, object, str): as `Reader.run_opened`.
        thumbnail_read(str, object): as `Reader.thumbnail_read`.
        kept_measured(object, str): as `Reader.kept_measured`.
        folder_tried(str, str): as `Reader.folder_tried`.
        bug_found(str): as `Reader.bug_found`.
    """

    scan_progressed = Signal(object, int, int)
    scan_ended = Signal(object, object, str)
    run_opened = Signal(object, object, object, str)
    thumbnail_read = Signal(str, object)
    kept_measured = Signal(object, str)
    folder_tried = Signal(str, str)
    bug_found = Signal(str)

    def __init__(self, task: Task, closing: threading.Event) -> None:
        super().__init__()
        self._task = task
        self._closing = closing
        self._told = 0.0

    @Slot(object)
    def scan(self, asked: ScanRequest) -> None:
        """Scans a folder, unless the request is cancelled by now."""

        def tell(done: int, total: int) -> None:
            now = time.monotonic()
            if done == total or now - self._told >= PROGRESS_SECONDS:
                self._told = now
                self.scan_progressed.emit(asked, done, total)

        try:
            if asked.stop.is_set():
                return
            dataset = scan(
                asked.folder,
                self._task,
                on_progress=tell,
                should_stop=asked.stop.is_set,
            )
        except Stopped:
            return  # whoever cancelled knows
        except TlguiError as error:
            self.scan_ended.emit(asked, None, str(error))
        except Exception:  # noqa: BLE001 - told as a bug of ours
            self.bug_found.emit(traceback.format_exc())
            self.scan_ended.emit(asked, None, self._fault(asked.folder))
        else:
            self.scan_ended.emit(asked, dataset, "")

    @Slot(str, int)
    def read_thumbnail(self, file: str, side: int) -> None:
        """Reads a picture small."""
        if self._closing.is_set():
            return
        pixels = None
        try:
            pixels = self._task.thumbnail(Path(file), side)
        except UnreadableError:
            pass
        except Exception:  # noqa: BLE001 - told as a bug of ours
            self.bug_found.emit(traceback.format_exc())
        self.thumbnail_read.emit(file, pixels)

    @Slot(str)
    def open_run(self, folder: str) -> None:
        """Reads a run folder, its history and, where there is one, its result."""
        if self._closing.is_set():
            return
        try:
            run = open_run(Path(folder))
            history = run.history()
            has_report = (run.folder / REPORT).is_file()
            evaluation = run.evaluation() if has_report else None
        except TlguiError as error:
            self.run_opened.emit(None, None, None, str(error))
        except Exception:  # noqa: BLE001 - told as a bug of ours
            self.bug_found.emit(traceback.format_exc())
            self.run_opened.emit(None, None, None, self._fault(Path(folder)))
        else:
            self.run_opened.emit(run, history, evaluation, "")

    @Slot(bool)
    def measure_kept(self, clear: bool) -> None:
        """Measures what is kept for later runs, or deletes as much as it can."""
        if self._closing.is_set():
            return
        kept, trouble = None, ""
        try:
            kept = _kept(clear=clear)
        except OSError as error:
            trouble = self.tr(
                "The system does not let this program look into {folder}: {reason}. "
                "See to it that you may open this folder."
            ).format(folder=paths.activations_dir(), reason=error.strerror or error)
        except Exception:  # noqa: BLE001 - told as a bug of ours
            self.bug_found.emit(traceback.format_exc())
            trouble = self._fault(paths.activations_dir())
        self.kept_measured.emit(kept, trouble)

    @Slot(str)
    def try_folder(self, folder: str) -> None:
        """Finds out whether runs can be put into a folder; leaves nothing there."""
        if self._closing.is_set():
            return
        trouble = ""
        try:
            check_new_run(new_run_name(Path(folder), self.tr("new run")))
        except TlguiError as error:
            trouble = str(error)
        except OSError as error:  # not even to be looked into
            trouble = str(cannot_write(Path(folder), error))
        except Exception:  # noqa: BLE001 - told as a bug of ours
            self.bug_found.emit(traceback.format_exc())
            trouble = self._fault(Path(folder))
        self.folder_tried.emit(folder, trouble)

    def _fault(self, folder: Path) -> str:
        return self.tr(
            "{folder} could not be opened because of a fault in this program. "
            "Choose another folder, and please report the fault."
        ).format(folder=folder)


def _kept(*, clear: bool) -> KeptActivations:
    from tlgui.ml.cache_store import CacheStore

    store = CacheStore(paths.activations_dir())
    size, freed = store.size(), None
    if clear:
        left = store.clear()
        size, freed = left, max(0, size - left)
    return KeptActivations(size, store.limit(), freed)
