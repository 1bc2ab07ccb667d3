"""Where the validation photos come from."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from tlgui.core.dataset import TRAIN, VALIDATION, Dataset
from tlgui.gui import controls
from tlgui.gui.setting_fields import WholeSetting

DEFAULT_SHARE = 0.2


class ValidationField(QWidget):
    """A share of the training photos, a folder, or what the data set brings.

    Signals:
        edited(object): a share (0..1) or the path of a folder.
    """

    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.problem = ""
        self.share = WholeSetting(
            self.tr("Set aside for checking"),
            self.tr(
                "This share of every class is not learned from. It shows how well "
                "the model does on photos it has never seen."
            ),
            1,
            90,
        )
        self.share.box.setSuffix(self.tr(" %"))
        self.share.title.setToolTip(self.tr("The validation split"))
        self.heading = controls.label(self.tr("Photos for checking"))
        self.told = controls.label("", "small", wrap=True)
        self.choose = controls.button(self.tr("Use another folder…"), "link")
        self.back = controls.button(self.tr("Set a share aside instead"), "link")
        self.setLayout(
            controls.column(
                self.share,
                self.heading,
                self.told,
                controls.row(self.choose, self.back, None),
                gap=3,
            )
        )
        self.share.edited.connect(self._tell_share)
        self.choose.clicked.connect(self._ask_for_folder)
        self.back.clicked.connect(partial(self.edited.emit, DEFAULT_SHARE))

    def show_state(self, dataset: Dataset | None, validation: float | str) -> None:
        """Shows what will be used."""
        brought = dataset.samples[VALIDATION] if _brings(dataset) and dataset else ()
        folder = validation if isinstance(validation, str) else ""
        if isinstance(validation, float):
            self.share.show_value(round(100 * validation))
            self._tell_count(dataset)
        self.share.setVisible(not brought and not folder)
        self.heading.setVisible(bool(brought or folder))
        self.told.setVisible(bool(brought or folder))
        self.choose.setVisible(not brought)
        self.back.setVisible(not brought and bool(folder))
        if brought:
            text = self.tr(
                "Your folder brings its own: {0} photos, which are not learned from."
            )
            self.told.setText(text.format(len(brought)))
        elif folder:
            self.told.setText(self.tr("From the folder “{0}”.").format(folder))

    def complain(self, problem: str) -> None:
        """Says what is wrong with the share; "" for nothing."""
        self.problem = problem
        self.share.complain(problem)

    def _tell_count(self, dataset: Dataset | None) -> None:
        total = len(dataset.samples.get(TRAIN, ())) if dataset else 0
        count = round(total * self.share.box.value() / 100)
        tip = self.tr("About {0} photos of this folder").format(count)
        self.share.box.setToolTip(tip if total else "")

    @Slot(object)
    def _tell_share(self, percent: int) -> None:
        self.edited.emit(percent / 100)

    @Slot()
    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose a folder with photos for checking"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.take_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def take_folder(self, folder: str) -> None:
        """Uses the photos of a folder for validation."""
        self.edited.emit(str(Path(folder)))


def _brings(dataset: Dataset | None) -> bool:
    return dataset is not None and dataset.has_validation
