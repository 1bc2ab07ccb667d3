"""Does the work of the projects' thread, and says what came of it."""

import os
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from tlgui.core.dataset import Dataset
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.manifest import (
    compare,
    list_files,
    make_manifest,
    moved,
    read_manifest,
    write_manifest,
)
from tlgui.core.project import DataPlace, Project
from tlgui.core.project_copy import copy_project
from tlgui.core.project_folder import create_project
from tlgui.core.project_lock import HeldElsewhereError
from tlgui.core.project_opening import (
    OpenProject,
    open_project,
    place_of,
)
from tlgui.core.project_paths import MANIFEST, PICTURE, RUNS, inside, new_project_folder
from tlgui.core.project_picture import write_project_picture
from tlgui.core.project_runs import (
    RunSummary,
    bin_run,
    binned,
    empty_bin,
    list_runs,
    restore_run,
)
from tlgui.core.project_shown import read_shown_run
from tlgui.core.settings import AppSettings
from tlgui.core.settings_file import SettingsFile


@dataclass(frozen=True)
class Listed:
    """The runs of a project as they lie on the disk.

    Attributes:
        folder: the project.
        runs: in the order of their names.
        binned: names of the runs in the bin.
        problems: a sentence for each run that is refused.
    """

    folder: Path
    runs: tuple[RunSummary, ...]
    binned: tuple[str, ...]
    problems: tuple[str, ...]


class ProjectNews(QObject):
    """What the thread of the projects tells.

    Signals:
        opened(Opened): the project that is open from now on.
        refused(str, str, bool): a folder that could not be opened, why, and whether
            it is gone from a disk that is there.
        held(str, str): a folder, and who has it, as a sentence.
        made(str, str): the folder of a new project, or "" and a sentence.
        written(str): "", or why the project could not be written.
        data_noted(DataPlace): where the data set is, with its manifest's hash.
        data_compared(str, Dataset or None, Comparison or None, str): a folder, what
            the project knows of the data in it, how much of them is there, and "" or
            a sentence.
        listed(Listed): the runs of the open project.
        run_read(ShownRun or None, str): a run to show, or None and a sentence.
        moved(str, str, bool): a run's name before and after, and whether it is in
            the bin now.
        copy_progressed(int, int): bytes done, bytes in all.
        copied(str, str): the folder of the copy; or "" and a sentence, which is ""
            when it was cancelled.
        settings_written: the remembered choices are on the disk.
        trouble_told(str): a sentence for the person.
        bug_found(str): a traceback of a fault of ours.
    """

    opened = Signal(object)
    refused = Signal(str, str, bool)
    held = Signal(str, str)
    made = Signal(str, str)
    written = Signal(str)
    data_noted = Signal(object)
    data_compared = Signal(str, object, object, str)
    listed = Signal(object)
    run_read = Signal(object, str)
    moved = Signal(str, str, bool)
    copy_progressed = Signal(object, object)  # more bytes than a C int holds
    copied = Signal(str, str)
    settings_written = Signal()
    trouble_told = Signal(str)
    bug_found = Signal(str)


class ProjectDesk(ProjectNews):
    """Lives in the thread of the projects and does the work."""

    def __init__(self, closing: threading.Event, settings: SettingsFile) -> None:
        super().__init__()
        self._closing = closing
        self._settings = settings
        self._open: OpenProject | None = None

    @Slot(object)
    def do(self, work: Callable[[], None]) -> None:
        """Does what was asked for; what goes wrong is told, never raised."""
        try:
            work()
        except TlguiError as error:
            self.trouble_told.emit(str(error))
        except Stopped:
            return
        except Exception:  # noqa: BLE001 - told as a bug of ours
            self.bug_found.emit(traceback.format_exc())

    def open(self, folder: Path, read_only: bool, trusted: bool) -> None:
        """Opens a project; the one before is given back once that worked."""
        folder = Path(os.path.abspath(folder))  # noqa: PTH100 - keeps links
        if self._open is not None and self._open.folder == folder:
            self.leave()
        try:
            found, opened = open_project(
                folder,
                read_only=read_only,
                trusted=trusted,
                should_stop=self._closing.is_set,
            )
        except HeldElsewhereError as error:
            self.held.emit(str(folder), str(error))
        except TlguiError as error:
            gone = folder.parent.is_dir() and not os.path.lexists(folder)
            self.refused.emit(str(folder), str(error), gone)
        else:
            self.leave()
            self._open = found
            self.opened.emit(opened)

    def make(self, parent: Path, name: str, project: Project) -> None:
        """Makes a project at a free place and opens it."""
        folder = new_project_folder(parent, name)
        try:
            create_project(folder, project)
            made, _ = open_project(folder)
        except TlguiError as error:
            self.made.emit("", str(error))
            return
        self.leave()
        self._open = made
        self.made.emit(str(made.folder), "")

    def leave(self) -> None:
        """Gives the open project back."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def write(self, folder: Path, project: Project) -> None:
        """Writes the project, if it is the open one and may be written."""
        if self._open is None or self._open.folder != folder or self._open.read_only:
            return
        try:
            self._open.write(project)
        except TlguiError as error:
            self.written.emit(str(error))
        else:
            self.written.emit("")

    def write_settings(self, values: AppSettings) -> None:
        """Writes the remembered choices that this window changed."""
        self._settings.write(values)
        self.settings_written.emit()

    def note_data(self, dataset: Dataset, old: DataPlace | None) -> None:
        """Writes the manifest and a picture of the data set."""
        if self._open is None or self._open.read_only:
            return
        folder = self._open.folder
        manifest = make_manifest(dataset, self._closing.is_set)
        write_manifest(inside(folder, MANIFEST), manifest)
        write_project_picture(inside(folder, PICTURE), dataset)
        self.data_noted.emit(place_of(folder, dataset, manifest.hash, old))

    def compare_data(self, root: Path) -> None:
        """Sets a folder beside the manifest."""
        manifest = None
        if self._open is not None:
            manifest = read_manifest(self._open.folder / MANIFEST, root)
        if manifest is None:
            self.data_compared.emit(str(root), None, None, "")
            return
        try:
            found = list_files(root, self._closing.is_set)
        except TlguiError as error:
            self.data_compared.emit(str(root), None, None, str(error))
            return
        there = moved(manifest, root, found).dataset
        self.data_compared.emit(str(root), there, compare(manifest, found), "")

    def list_runs(self) -> None:
        """Reads the runs of the open project."""
        if self._open is None:
            return
        folder = self._open.folder
        runs, problems = list_runs(folder)
        self.listed.emit(Listed(folder, runs, binned(folder), problems))

    def read_run(self, folder: str, root: Path | None) -> None:
        """Reads one run of the open project."""
        if self._open is None:
            return
        try:
            shown = read_shown_run(inside(self._open.folder, RUNS, folder), root)
        except TlguiError as error:
            self.run_read.emit(None, str(error))
        else:
            self.run_read.emit(shown, "")

    def bin_run(self, folder: str) -> None:
        """Moves a run into the bin."""
        if self._open is not None and not self._open.read_only:
            name = bin_run(self._open.folder, folder)
            self.moved.emit(folder, name, True)
            self.list_runs()

    def restore_run(self, folder: str) -> None:
        """Moves a run out of the bin."""
        if self._open is not None and not self._open.read_only:
            name = restore_run(self._open.folder, folder)
            self.moved.emit(folder, name, False)
            self.list_runs()

    def empty_bin(self) -> None:
        """Deletes what is in the bin."""
        if self._open is not None and not self._open.read_only:
            try:
                empty_bin(self._open.folder)
            finally:
                self.list_runs()

    def copy(self, target: Path, stop: threading.Event) -> None:
        """Copies the open project."""
        if self._open is None:
            return
        told = _Thinned(self)

        def should_stop() -> bool:
            return stop.is_set() or self._closing.is_set()

        try:
            copy_project(self._open.folder, target, told, should_stop)
        except TlguiError as error:
            self.copied.emit("", str(error))
        except Stopped:
            self.copied.emit("", "")
        else:
            self.copied.emit(str(target), "")


class _Thinned:
    """Tells progress each time a hundredth more is done."""

    def __init__(self, desk: ProjectDesk) -> None:
        self._desk = desk
        self._told = -1

    def __call__(self, done: int, total: int) -> None:
        share = 100 * done // max(1, total)
        if share != self._told:
            self._told = share
            self._desk.copy_progressed.emit(done, total)
