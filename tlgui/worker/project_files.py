"""Reads and writes projects in a thread of its own."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal, Slot

from tlgui.core.dataset import Dataset
from tlgui.core.project import DataPlace, Project
from tlgui.core.settings import AppSettings, settings_file
from tlgui.core.settings_file import SettingsFile
from tlgui.worker.project_desk import ProjectDesk, ProjectNews

CLOSE_MILLISECONDS = 20_000


class ProjectFiles(ProjectNews):
    """Keeps one project open, so that the window never waits for a disk.

    Requests return at once and are worked off one after the other, in order; the
    answers are signals in the thread of this object.
    """

    def __init__(
        self, settings: SettingsFile | None = None, parent: QObject | None = None
    ) -> None:
        """Starts the thread.

        Args:
            settings: where the remembered choices are kept; the usual place if none.
            parent: of this object.
        """
        super().__init__(parent)
        settings = settings or SettingsFile(settings_file())
        self._closing = threading.Event()
        self._thread = QThread()
        self._thread.setObjectName("project")
        self._desk = ProjectDesk(self._closing, settings)
        self._desk.moveToThread(self._thread)
        self._connect()
        self._thread.start()

    def _connect(self) -> None:
        desk = self._desk
        for told, heard in (
            (desk.opened, self.opened),
            (desk.refused, self.refused),
            (desk.held, self.held),
            (desk.made, self.made),
            (desk.written, self.written),
            (desk.data_noted, self.data_noted),
            (desk.data_compared, self.data_compared),
            (desk.listed, self.listed),
            (desk.run_read, self.run_read),
            (desk.moved, self.moved),
            (desk.copy_progressed, self.copy_progressed),
            (desk.copied, self.copied),
            (desk.settings_written, self.settings_written),
            (desk.trouble_told, self.trouble_told),
            (desk.bug_found, self.bug_found),
        ):
            told.connect(heard)
        self._asked.connect(desk.do)
        application = QCoreApplication.instance()
        if application is not None:
            # A QThread that still runs when it is collected ends the program.
            application.aboutToQuit.connect(self.close)

    _asked = Signal(object)

    def _ask(self, work: Callable[[], None]) -> None:
        if not self._closing.is_set():
            self._asked.emit(work)

    def request_open(
        self, folder: str, *, read_only: bool = False, trusted: bool = False
    ) -> None:
        """Queues the opening of a project; the one before is closed when it is."""
        work = partial(self._desk.open, Path(folder), read_only, trusted)
        self._ask(work)

    def request_new(self, parent: str, name: str, project: Project) -> None:
        """Queues the making of a project's folder, which is then the open one."""
        self._ask(partial(self._desk.make, Path(parent), name, project))

    def request_leave(self) -> None:
        """Queues the closing of the open project."""
        self._ask(self._desk.leave)

    def write(self, folder: Path, project: Project) -> None:
        """Queues the writing of a project, if it is the open one."""
        self._ask(partial(self._desk.write, folder, project))

    def write_settings(self, values: AppSettings) -> None:
        """Queues the writing of the remembered choices."""
        self._ask(partial(self._desk.write_settings, values))

    def note_data(self, dataset: Dataset, old: DataPlace | None) -> None:
        """Queues the making of the manifest of the open project's data set."""
        self._ask(partial(self._desk.note_data, dataset, old))

    def compare_data(self, root: str) -> None:
        """Queues the question whether a folder holds the open project's data."""
        self._ask(partial(self._desk.compare_data, Path(root)))

    def request_runs(self) -> None:
        """Queues the reading of the open project's runs."""
        self._ask(self._desk.list_runs)

    def request_run(self, folder: str, root: Path | None) -> None:
        """Queues the reading of one run of the open project."""
        self._ask(partial(self._desk.read_run, folder, root))

    def bin_run(self, folder: str) -> None:
        """Queues the moving of a run into the bin."""
        self._ask(partial(self._desk.bin_run, folder))

    def restore_run(self, folder: str) -> None:
        """Queues the moving of a run out of the bin."""
        self._ask(partial(self._desk.restore_run, folder))

    def empty_bin(self) -> None:
        """Queues the deletion of what is in the bin."""
        self._ask(self._desk.empty_bin)

    def request_copy(self, target: str) -> threading.Event:
        """Queues the copying of the open project.

        Returns:
            What cancels it when it is set.
        """
        stop = threading.Event()
        self._ask(partial(self._desk.copy, Path(target), stop))
        return stop

    @Slot()
    def close(self) -> bool:
        """Finishes what is queued, gives the project back and ends the thread.

        Returns:
            Whether the thread ended; a disk that does not answer can hold it up.
        """
        if self._thread.isRunning() and not self._closing.is_set():
            self._asked.emit(self._desk.leave)
            self._asked.emit(self._thread.quit)
            self._closing.set()
        return self._thread.wait(CLOSE_MILLISECONDS)
