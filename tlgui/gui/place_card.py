"""Preferences: where something is put."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QCoreApplication, Qt, Signal, SignalInstance, Slot
from PySide6.QtWidgets import QFileDialog, QFrame

from tlgui import paths
from tlgui.gui.controls import button, column, label, row, set_role
from tlgui.gui.preference_card import dress, path_field, show_path
from tlgui.gui.settings import Settings


@runtime_checkable
class Trying(Protocol):
    """What this card needs of the reader thread.

    Signals:
        folder_tried(str, str): a folder, and why nothing can be put there, or "".
    """

    folder_tried: SignalInstance

    def request_trial(self, folder: str) -> None:
        """Queues the question whether something can be put into a folder."""


@dataclass(frozen=True)
class Place:
    """What is put somewhere.

    Attributes:
        setting: the name of the setting; "" there means the usual folder.
        usual: the usual folder.
        heading: of the card.
        hint: what it means.
        field: what the folder is called.
        question: the title of the dialog that asks for another one.
        moved: said once another one is used.
    """

    setting: str
    usual: Path
    heading: str
    hint: str
    field: str
    question: str
    moved: str


class PlaceCard(QFrame):
    """A folder that a person can change; it is tried before it is used.

    Signals:
        moved(Path): another folder is used from now on.
    """

    moved = Signal(object)

    def __init__(self, place: Place, settings: Settings, trying: Trying) -> None:
        super().__init__()
        self._place = place
        self._settings = settings
        self._trying = trying
        self._asked = ""
        self.place = path_field(place.field)
        self.choose = button(self.tr("Choose…"))
        self.usual = button(self.tr("Use the usual folder"), "link")
        self.told = label("", "small", wrap=True)
        heading = label(place.heading, "heading")
        hint = label(place.hint, "muted", wrap=True)
        below = row(self.told, self.usual)
        below.setStretch(0, 1)
        line = row(self.place, self.choose)
        dress(self, column(heading, hint, 4, line, below))
        self.choose.clicked.connect(self._on_choose)
        self.usual.clicked.connect(self._on_usual)
        trying.folder_tried.connect(self._on_tried)
        self._show()

    @property
    def folder(self) -> Path:
        """The folder that is used."""
        chosen: str = getattr(self._settings.values, self._place.setting)
        return Path(chosen) if chosen else self._place.usual

    @Slot()
    def _on_choose(self) -> None:
        dialog = QFileDialog(self, self._place.question)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setDirectory(str(self.folder))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_folder)
        dialog.open()

    @Slot(str)
    def take_folder(self, folder: str) -> None:
        """Uses a folder, if it can be written there."""
        self._asked = folder
        self._tell("")
        self._trying.request_trial(folder)

    @Slot(str, str)
    def _on_tried(self, folder: str, trouble: str) -> None:
        if folder != self._asked:
            return
        self._asked = ""
        if trouble:
            self._tell(trouble, "bad")
        else:
            self._use(folder)

    @Slot()
    def _on_usual(self) -> None:
        self._asked = ""
        self._use("")

    def _use(self, folder: str) -> None:
        self._settings.change(**{self._place.setting: folder})
        self._tell(self._place.moved, "good")
        self._show()
        self.moved.emit(self.folder)

    def _tell(self, text: str, role: str = "small") -> None:
        set_role(self.told, role)
        self.told.setText(text)

    def _show(self) -> None:
        show_path(self.place, self.folder)
        had_focus = self.usual.hasFocus()
        self.usual.setVisible(self.folder != self._place.usual)
        if had_focus and self.usual.isHidden():
            self.choose.setFocus()


def projects_place() -> Place:
    """Where new projects are put."""
    translate = QCoreApplication.translate
    return Place(
        "runs_dir",
        paths.default_runs_dir(),
        translate("places", "Where projects are put"),
        translate(
            "places",
            "Every new project gets a folder of its own there. Earlier ones stay "
            "where they are.",
        ),
        translate("places", "Folder for new projects"),
        translate("places", "Choose a folder for new projects"),
        translate("places", "New projects are put there from now on."),
    )


def weights_place() -> Place:
    """Where downloaded weights are kept."""
    translate = QCoreApplication.translate
    return Place(
        "weights_dir",
        paths.default_weights_dir(),
        translate("places", "Pretrained models that were downloaded"),
        translate(
            "places",
            "Their weights are kept there. The folder may lie on another disk, or be "
            "filled by hand for a computer without a network. What is in the folder "
            "used so far stays there.",
        ),
        translate("places", "Folder for pretrained weights"),
        translate("places", "Choose a folder for pretrained weights"),
        translate("places", "Weights are looked for, and put, there from now on."),
    )
