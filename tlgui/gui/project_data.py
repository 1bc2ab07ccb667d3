"""The photos of the open project: where they are, and whether they still are."""

import dataclasses
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from tlgui.core.dataset import Dataset
from tlgui.core.manifest import Comparison
from tlgui.core.project import DataPlace
from tlgui.core.project_paths import SUFFIX
from tlgui.gui.project_state import ProjectState
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.worker.project_files import ProjectFiles


class ProjectData(QObject):
    """Notes where the photos lie, and finds them again when they have moved.

    Signals:
        outgrown: other photos were opened, while the project has runs of its own.
        missed: the photos are not where they were.
        compared(str, Dataset or None, Comparison or None, str): a folder, the photos
            as the project knows them, how many of them are there, and "" or a
            sentence.
    """

    outgrown = Signal()
    missed = Signal()
    compared = Signal(str, object, object, str)

    def __init__(
        self,
        session: Session,
        settings: Settings,
        state: ProjectState,
        files: ProjectFiles,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self._state = state
        self._files = files
        self._doubtful: Dataset | None = None
        self.is_missing = False
        session.dataset_changed.connect(self._on_dataset_changed)
        files.data_noted.connect(self._on_noted)
        files.data_compared.connect(self._on_compared)

    @Slot()
    def _on_dataset_changed(self) -> None:
        dataset = self._session.dataset
        if dataset is None:
            return
        is_other = self._state.data_root != dataset.root
        if is_other and self.is_missing:
            self._doubtful = dataset  # perhaps those that are missing
            self._files.compare_data(str(dataset.root))
        else:
            self._take(dataset)

    def _take(self, dataset: Dataset) -> None:
        self.is_missing = False
        is_other = self._state.data_root != dataset.root
        if is_other and self._has_work():
            self.outgrown.emit()
        if is_other and self._state.folder is None:
            self._tell_earlier(dataset)
        old = self._state.project.data
        if old is None or Path(old.root) != dataset.root:
            old = None
        elif old.samples != len(dataset):
            self._tell_change(len(dataset) - old.samples)
        self._state.change(data=_place(dataset, old))
        self.note()

    def _has_work(self) -> bool:
        state = self._state
        has_runs = bool(state.project.runs or state.project.bin)
        return state.folder is not None and (has_runs or state.read_only)

    def _tell_change(self, difference: int) -> None:
        text = self.tr("Photos that are new since last time: {count}.")
        if difference < 0:
            text = self.tr("Photos that are gone since last time: {count}.")
        self._session.noticed.emit(text.format(count=abs(difference)))

    def _tell_earlier(self, dataset: Dataset) -> None:
        for recent in self._settings.values.recent_projects:
            if recent.data and Path(recent.data) == dataset.root:
                text = self.tr(
                    "There is a project with these photos already: “{name}”. To go on "
                    "with it: File, Recent projects."
                )
                name = Path(recent.folder).name.removesuffix(SUFFIX)
                self._session.noticed.emit(text.format(name=name))
                return

    def note(self) -> None:
        """Has the manifest of the photos written into the project."""
        dataset, state = self._session.dataset, self._state
        state.remember()
        if dataset is not None and state.folder is not None and not state.read_only:
            self._files.note_data(dataset, state.project.data)

    @Slot(object)
    def _on_noted(self, place: DataPlace) -> None:
        if self._state.data_root == Path(place.root):
            self._state.change(data=place)

    def tell_missed(self) -> None:
        """Says that the photos are not where they were."""
        self.is_missing = True
        self.missed.emit()

    @Slot(str, object, object, str)
    def _on_compared(
        self,
        folder: str,
        known: Dataset | None,
        comparison: Comparison | None,
        trouble: str,
    ) -> None:
        dataset, self._doubtful = self._doubtful, None
        if dataset is None or str(dataset.root) != folder:
            self.compared.emit(folder, known, comparison, trouble)
            return
        place = self._state.project.data
        same = comparison is not None and 2 * comparison.same >= comparison.expected
        if same and place is not None:
            moved = dataclasses.replace(place, root=folder)
            self._state.change(data=moved)
        self._take(dataset)

    def compare(self, root: Path) -> None:
        """Asks whether a folder holds the photos of this project."""
        self._files.compare_data(str(root))

    def take(
        self, root: Path, dataset: Dataset | None, comparison: Comparison | None
    ) -> None:
        """Goes on with the photos at another place."""
        state = self._state
        if state.project.data is None:
            return
        place = dataclasses.replace(state.project.data, root=str(root))
        state.change(data=place)
        self.is_missing = False
        if dataset is not None and comparison is not None and comparison.is_untouched:
            self._session.take_dataset(dataset)
        else:
            self._session.open_folder(place.source)
        if state.project.view.run:
            self._files.request_run(state.project.view.run, root)


def _place(dataset: Dataset, old: DataPlace | None) -> DataPlace:
    """What is noted at once; the manifest's hash follows."""
    place = old or DataPlace(str(dataset.root))
    samples, classes = len(dataset), len(dataset.class_names)
    return dataclasses.replace(
        place, samples=samples, classes=classes, table=dataset.table
    )
