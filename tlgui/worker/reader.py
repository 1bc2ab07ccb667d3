"""Reads folders, thumbnails and runs in a thread of its own."""

import threading
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal, Slot

from tlgui.core.task import IMAGE_CLASSIFICATION, Task
from tlgui.worker.reading_desk import PROGRESS_SECONDS as PROGRESS_SECONDS
from tlgui.worker.reading_desk import KeptActivations as KeptActivations
from tlgui.worker.reading_desk import ReadingDesk, ScanRequest
from tlgui.worker.starting_desk import StartingDesk

CLOSE_MILLISECONDS = 5_000


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
        starting_points_read(object, str): a tuple of `StartingPoint`, the runs asked
            for and everything imported; and sentences about what cannot be read.
        bug_found(str): a traceback of a fault of ours.
    """

    scan_progressed = Signal(int, int)
    scan_ended = Signal(object, str)
    run_opened = Signal(object, object, object, str)
    thumbnail_read = Signal(str, object)
    kept_measured = Signal(object, str)
    folder_tried = Signal(str, str)
    starting_points_read = Signal(object, str)
    bug_found = Signal(str)
    _scan_asked = Signal(object)
    _thumbnail_asked = Signal(str, int)
    _run_asked = Signal(str)
    _kept_asked = Signal(bool)
    _trial_asked = Signal(str)
    _starting_points_asked = Signal(object)
    _removal_asked = Signal(str, object)

    def __init__(
        self, task: Task = IMAGE_CLASSIFICATION, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._scan: ScanRequest | None = None
        self._closing = threading.Event()
        self._thread = QThread()
        self._thread.setObjectName("reader")
        self._desk = ReadingDesk(task, self._closing)
        self._desk.moveToThread(self._thread)
        self._starting_desk = StartingDesk(self._closing)
        self._starting_desk.moveToThread(self._thread)
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
        starting = self._starting_desk
        self._starting_points_asked.connect(starting.read)
        self._removal_asked.connect(starting.remove)
        starting.starting_points_read.connect(self.starting_points_read)
        starting.bug_found.connect(self.bug_found)
        application = QCoreApplication.instance()
        if application is not None:
            # A QThread that still runs when it is collected ends the program.
            application.aboutToQuit.connect(self.close)

    def request_scan(self, folder: str) -> None:
        """Queues a scan; a scan under way is cancelled and says no more."""
        if self._scan is not None:
            self._scan.stop.set()
        self._scan = ScanRequest(Path(folder))
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

    def request_starting_points(self, runs: Sequence[str] = ()) -> None:
        """Queues the reading of imported models, and of some finished runs."""
        self._starting_points_asked.emit(tuple(runs))

    def request_removal(self, folder: str, runs: Sequence[str] = ()) -> None:
        """Queues the deletion of an imported model; what is left is read after it."""
        self._removal_asked.emit(folder, tuple(runs))

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
    def _on_scan_progressed(self, scan: ScanRequest, done: int, total: int) -> None:
        if scan is self._scan:
            self.scan_progressed.emit(done, total)

    @Slot(object, object, str)
    def _on_scan_ended(self, scan: ScanRequest, dataset: object, trouble: str) -> None:
        if scan is self._scan:
            self._scan = None
            self.scan_ended.emit(dataset, trouble)
