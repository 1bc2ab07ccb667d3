"""Reads folders, thumbnails and runs in a thread of its own."""

import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal, Slot

from tlgui import paths
from tlgui.core.errors import Stopped, TlguiError, cannot_write
from tlgui.core.images import UnreadableError
from tlgui.core.run import REPORT, check_new_run, new_run_name, open_run
from tlgui.core.scan import scan
from tlgui.core.task import IMAGE_CLASSIFICATION, Task

PROGRESS_SECONDS = 0.05
CLOSE_MILLISECONDS = 5_000


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
class _Scan:
    """One request; late words of an earlier one are told apart by identity."""

    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)


class Reader(QObject):
    """Does the window's reading, so that the window never waits for a disk.

    Requests return at once; the answers are signals in the thread of this
    object. They are worked off one after the other, in order.

    Signals:
        scan_progressed(int, int): files done, files in all; at most 20 a second.
        scan_ended(Dataset or None, str): the data set, or None and a sentence
            ("" when it was cancelled). Never for a scan that a later request replaced.
        run_opened(object, object, object, str): run, history, evaluation or None;
            or None, None, None and a sentence.
        thumbnail_read(str, object): a file and its `uint8` pixels of shape
            `(height, width, 3)`, or None if it cannot be read.
        kept_measured(KeptActivations or None, str): what is kept, or None and a
            sentence.
        folder_tried(str, str): a folder, and why no run can be put there, or "".
        bug_found(str): a traceback of a fault of ours.
    """

    scan_progressed = Signal(int, int)
    scan_ended = Signal(object, str)
    run_opened = Signal(object, object, object, str)
    thumbnail_read = Signal(str, object)
    kept_measured = Signal(object, str)
    folder_tried = Signal(str, str)
    bug_found = Signal(str)
    _scan_asked = Signal(object)
    _thumbnail_asked = Signal(str, int)
    _run_asked = Signal(str)
    _kept_asked = Signal(bool)
    _trial_asked = Signal(str)

    def __init__(
        self, task: Task = IMAGE_CLASSIFICATION, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._scan: _Scan | None = None
        self._closing = threading.Event()
        self._thread = QThread()
        self._thread.setObjectName("reader")
        self._desk = _Desk(task, self._closing)
        self._desk.moveToThread(self._thread)
        self._connect()
        self._thread.start()

    def _connect(self) -> None:
        desk = self._desk
        self._scan_asked.connect(desk.scan)
        self._thumbnail_asked.connect(desk.read_thumbnail)
        self._run_asked.connect(desk.open_run)
        self._kept_asked.connect(desk.measure_kept)
        self._trial_asked.connect(desk.try_folder)
        desk.scan_progressed.connect(self._on_scan_progressed)
        desk.scan_ended.connect(self._on_scan_ended)
        desk.run_opened.connect(self.run_opened)
        desk.thumbnail_read.connect(self.thumbnail_read)
        desk.kept_measured.connect(self.kept_measured)
        desk.folder_tried.connect(self.folder_tried)
        desk.bug_found.connect(self.bug_found)
        application = QCoreApplication.instance()
        if application is not None:
            # A QThread that still runs when it is collected ends the program.
            application.aboutToQuit.connect(self.close)

    def request_scan(self, folder: str) -> None:
        """Queues a scan; a scan under way is cancelled and says no more."""
        if self._scan is not None:
            self._scan.stop.set()
        self._scan = _Scan(Path(folder))
        self._scan_asked.emit(self._scan)

    def cancel_scan(self) -> None:
        """Ends the scan under way; `scan_ended` comes before this returns."""
        if self._scan is None:
            return
        self._scan.stop.set()
        self._scan = None
        self.scan_ended.emit(None, "")

    def request_thumbnail(self, file: str, side: int) -> None:
        """Queues the reading of a thumbnail of at most `side` pixels."""
        self._thumbnail_asked.emit(file, side)

    def request_run(self, folder: str) -> None:
        """Queues the opening of a run folder."""
        self._run_asked.emit(folder)

    def request_kept(self, *, clear: bool = False) -> None:
        """Queues the measuring of what is kept for later runs, or its deletion."""
        self._kept_asked.emit(clear)

    def request_trial(self, folder: str) -> None:
        """Queues the question whether runs can be put into a folder."""
        self._trial_asked.emit(folder)

    @Slot()
    def close(self) -> bool:
        """Ends the thread; what is still queued is dropped.

        Returns:
            Whether the thread ended; a disk that does not answer can hold it up.
        """
        self._closing.set()
        if self._scan is not None:
            self._scan.stop.set()
            self._scan = None
        self._thread.quit()
        return self._thread.wait(CLOSE_MILLISECONDS)

    @Slot(object, int, int)
    def _on_scan_progressed(self, scan: _Scan, done: int, total: int) -> None:
        if scan is self._scan:
            self.scan_progressed.emit(done, total)

    @Slot(object, object, str)
    def _on_scan_ended(self, scan: _Scan, dataset: object, trouble: str) -> None:
        if scan is self._scan:
            self._scan = None
            self.scan_ended.emit(dataset, trouble)


class _Desk(QObject):
    """Lives in the reader's thread and does the work.

    Signals:
        scan_progressed(_Scan, int, int): files done, files in all.
        scan_ended(_Scan, Dataset or None, str): as `Reader.scan_ended`.
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
    def scan(self, asked: _Scan) -> None:
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
