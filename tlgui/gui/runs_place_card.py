"""Preferences: where new projects are put."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from PySide6.QtCore import Qt, SignalInstance, Slot
from PySide6.QtWidgets import QFileDialog, QFrame

from tlgui import paths
from tlgui.gui.controls import button, column, label, row, set_role
from tlgui.gui.preference_card import dress, path_field, show_path
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings


@runtime_checkable
class Trying(Protocol):
    """What this card needs of the reader thread.

    Signals:
        folder_tried(str, str): a folder, and why no run can be put there, or "".
    """

    folder_tried: SignalInstance

    def request_trial(self, folder: str) -> None:
        """Queues the question whether runs can be put into a folder."""


class RunsPlaceCard(QFrame):
    """The folder in which new projects are put."""

    def __init__(self, session: Session, settings: Settings, trying: Trying) -> None:
        super().__init__()
        self._session = session
        self._settings = settings
        self._trying = trying
        self._asked = ""
        self.place = path_field(self.tr("Folder for new projects"))
        self.choose = button(self.tr("Choose…"))
        self.usual = button(self.tr("Use the usual folder"), "link")
        self.told = label("", "small", wrap=True)
        heading = label(self.tr("Where projects are put"), "heading")
        hint = label(
            self.tr(
                "Every new project gets a folder of its own there. Earlier ones stay "
                "where they are."
            ),
            "muted",
            wrap=True,
        )
        below = row(self.told, self.usual)
        below.setStretch(0, 1)
        place = row(self.place, self.choose)
        dress(self, column(heading, hint, 4, place, below))
        self.choose.clicked.connect(self._on_choose)
        self.usual.clicked.connect(self._on_usual)
        trying.folder_tried.connect(self._on_tried)
        self._show()

    @Slot()
    def _on_choose(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose a folder for new projects"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setDirectory(str(self._session.runs_dir))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_folder)
        dialog.open()

    @Slot(str)
    def take_folder(self, folder: str) -> None:
        """Puts new projects into a folder, if they can be written there."""
        self._asked = folder
        self._tell("")
        self._trying.request_trial(folder)

    @Slot(str, str)
    def _on_tried(self, folder: str, trouble: str) -> None:
        if folder != self._asked:
            return
        if trouble:
            self._tell(trouble, "bad")
            return
        self._settings.change(runs_dir=folder)
        self._session.runs_dir = Path(folder)
        self._tell(self.tr("New projects are put there from now on."), "good")
        self._show()

    @Slot()
    def _on_usual(self) -> None:
        self._asked = ""
        self._settings.change(runs_dir="")
        self._session.runs_dir = paths.default_runs_dir()
        self._tell(self.tr("New projects are put there from now on."), "good")
        self._show()

    def _tell(self, text: str, role: str = "small") -> None:
        set_role(self.told, role)
        self.told.setText(text)

    def _show(self) -> None:
        show_path(self.place, self._session.runs_dir)
        had_focus = self.usual.hasFocus()
        self.usual.setVisible(bool(self._settings.values.runs_dir))
        if had_focus and self.usual.isHidden():
            self.choose.setFocus()
