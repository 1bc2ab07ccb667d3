"""What a person is asked about projects, each thing once."""

from pathlib import Path

from PySide6.QtCore import QDir, QObject, Qt, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QMessageBox,
    QProgressBar,
    QProgressDialog,
    QPushButton,
    QWidget,
)

from tlgui.core.dataset import Dataset
from tlgui.core.manifest import Comparison
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.session import Session

_COPY_WIDTH = 360


class ProjectQuestions(QObject):
    """Asks what to do with a project that is held elsewhere or misses its photos."""

    def __init__(
        self, session: Session, projects: ProjectSession, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session = session
        self._projects = projects
        self._window = window
        self.box: QMessageBox | None = None
        self.progress: QProgressDialog | None = None
        self._held = ""
        projects.held.connect(self.ask_held)
        projects.data.missed.connect(self.ask_missed)
        projects.data.compared.connect(self.on_compared)
        projects.copy_begun.connect(self._on_copy_begun)
        projects.copy_progressed.connect(self._on_copy_progressed)
        projects.copied.connect(self._on_copied)

    @Slot(str, str)
    def ask_held(self, folder: str, sentence: str) -> None:
        """Another window has the project: read only, or not at all."""
        self._held = folder
        box = self._make(self.tr("This project is open already"), sentence)
        self.read_button = QPushButton(self.tr("Open for reading only"))
        self.leave_button = QPushButton(self.tr("Do not open it"))
        box.addButton(self.read_button, QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.leave_button, QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(self.leave_button)
        box.setEscapeButton(self.leave_button)
        self.read_button.clicked.connect(self._open_for_reading)
        box.open()

    @Slot()
    def _open_for_reading(self) -> None:
        self._projects.open(Path(self._held), read_only=True)

    @Slot()
    def ask_missed(self) -> None:
        """The photos are not where they were: where are they now?"""
        data = self._projects.state.project.data
        if data is None:
            return
        box = self._make(
            self.tr("The photos are not where they were"),
            self.tr(
                "Expected {count} photos in {folder}, but there is no such folder. Was "
                "it moved or renamed, or is it on a disk that is not connected? Show "
                "the program where it is now. The runs and their results can be seen "
                "without it."
            ).format(count=data.samples, folder=QDir.toNativeSeparators(data.root)),
        )
        self._offer_choice(box)
        box.open()

    def _offer_choice(self, box: QMessageBox) -> None:
        self.choose_button = QPushButton(self.tr("Choose the folder…"))
        self.later_button = QPushButton(self.tr("Go on without the photos"))
        box.addButton(self.choose_button, QMessageBox.ButtonRole.AcceptRole)
        box.addButton(self.later_button, QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(self.choose_button)
        box.setEscapeButton(self.later_button)
        self.choose_button.clicked.connect(self.choose_data)

    @Slot()
    def choose_data(self) -> None:
        """Opens the folder dialog for the photos."""
        dialog = QFileDialog(self._window, self.tr("Where are the photos now?"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        root = self._projects.state.data_root
        if root is not None:
            dialog.setDirectory(str(_nearest(root)))
        dialog.fileSelected.connect(self._on_folder_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def _on_folder_chosen(self, folder: str) -> None:
        self._projects.data.compare(Path(folder))

    @Slot(str, object, object, str)
    def on_compared(
        self,
        folder: str,
        dataset: Dataset | None,
        comparison: Comparison | None,
        trouble: str,
    ) -> None:
        """Goes on with the folder, or tells what of the photos is missing there."""
        if trouble:
            self._session.trouble_told.emit(trouble)
            return
        if comparison is None or comparison.is_whole:
            self._projects.data.take(Path(folder), dataset, comparison)
            self._tell_found(folder, comparison)
            return
        self._ask_partly(folder, dataset, comparison)

    def _tell_found(self, folder: str, comparison: Comparison | None) -> None:
        place = QDir.toNativeSeparators(folder)
        if comparison is None:
            text = self.tr(
                "The photos are looked for in {folder} from now on. Whether they are "
                "the same cannot be told, as no list of them was kept."
            ).format(folder=place)
        else:
            text = self.tr("All {count} files were found again in {folder}.").format(
                count=comparison.expected, folder=place
            )
        self._session.noticed.emit(text)

    def _ask_partly(
        self, folder: str, dataset: Dataset | None, comparison: Comparison
    ) -> None:
        none = not comparison.same
        title = self.tr("Some of the photos are missing there")
        if none:
            title = self.tr("These are other photos")
        box = self._make(
            title,
            self.tr(
                "{same} of {expected} files in {folder} are those of this project. "
                "Missing or changed, for example: {example}."
            ).format(
                same=comparison.same,
                expected=comparison.expected,
                folder=QDir.toNativeSeparators(folder),
                example=", ".join(comparison.missing[:3]),
            ),
        )
        self._offer_choice(box)
        self.choose_button.setText(self.tr("Choose another folder…"))
        if not none:
            self.use_button = QPushButton(self.tr("Use this folder"))
            box.addButton(self.use_button, QMessageBox.ButtonRole.ActionRole)
            self._found = (Path(folder), dataset, comparison)
            self.use_button.clicked.connect(self._use_found)
        box.open()

    @Slot()
    def _use_found(self) -> None:
        self._projects.data.take(*self._found)

    def _make(self, title: str, text: str) -> QMessageBox:
        if self.box is not None:
            self.box.close()
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(title)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(title)
        box.setInformativeText(text)
        box.finished.connect(self._on_finished)
        self.box = box
        return box

    @Slot()
    def _on_finished(self) -> None:
        if self.box is self.sender():
            self.box = None

    @Slot()
    def _on_copy_begun(self) -> None:
        progress, bar = QProgressDialog(self._window), QProgressBar()
        bar.setTextVisible(False)
        progress.setBar(bar)
        progress.setMinimumWidth(_COPY_WIDTH)
        progress.setWindowTitle(self.tr("Save as"))
        progress.setLabelText(self.tr("The project is copied …"))
        progress.setWindowModality(Qt.WindowModality.WindowModal)
        progress.setRange(0, 1_000)
        progress.setMinimumDuration(400)
        progress.setAutoClose(False)
        progress.setAutoReset(False)
        progress.setValue(0)
        progress.canceled.connect(self._projects.cancel_copy)
        self.progress = progress

    @Slot(object, object)
    def _on_copy_progressed(self, done: int, total: int) -> None:
        if self.progress is not None and not self.progress.wasCanceled():
            self.progress.setValue(round(1_000 * done / max(1, total)))

    @Slot()
    def _on_copied(self) -> None:
        if self.progress is not None:
            self.progress.canceled.disconnect(self._projects.cancel_copy)
            self.progress.close()
            self.progress.deleteLater()
            self.progress = None


def _nearest(path: Path) -> Path:
    """The nearest folder above that is there."""
    return next((parent for parent in path.parents if parent.is_dir()), path)
