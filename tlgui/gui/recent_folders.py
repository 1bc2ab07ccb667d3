"""Folders that were opened before, a click away."""

from pathlib import Path

from PySide6.QtCore import QDir, Qt, Slot
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from tlgui.gui.controls import GAP, button, column, label
from tlgui.gui.elided_label import ElidedLabel
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings

_SHOWN = 4


class RecentFolders(QFrame):
    """The latest folders; hidden where there are none.

    A folder is remembered once it could be read. Whether it is still there is
    found out when it is opened.
    """

    def __init__(
        self, session: Session, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self.setProperty("role", "card")
        self._entries = QVBoxLayout()
        self._entries.setSpacing(0)
        content = column(
            label(self.tr("Recent folders"), "heading"), self._entries, None
        )
        content.setContentsMargins(GAP, GAP, GAP, GAP)
        self.setLayout(content)
        settings.changed.connect(self._fill)
        session.dataset_changed.connect(self._on_dataset_changed)
        self._fill()

    @property
    def buttons(self) -> list[QPushButton]:
        """One a folder, the latest first."""
        return self.findChildren(QPushButton)

    @Slot()
    def _on_dataset_changed(self) -> None:
        if self._session.dataset is not None:
            self._settings.remember_folder(self._session.dataset.root)

    @Slot()
    def _fill(self) -> None:
        while (item := self._entries.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        recent = self._settings.values.recent_folders[:_SHOWN]
        for folder in recent:
            self._add(folder)
        self.setVisible(bool(recent))

    def _add(self, folder: str) -> None:
        path = QDir.toNativeSeparators(folder)
        entry = button(Path(folder).name or path, "link")
        entry.setProperty("folder", folder)
        entry.setToolTip(path)
        entry.setAccessibleName(self.tr("Open {folder}").format(folder=path))
        entry.clicked.connect(self._on_clicked)
        below = ElidedLabel("small")
        below.setIndent(2)
        below.show_text(path)
        self._entries.addWidget(entry, 0, Qt.AlignmentFlag.AlignLeft)
        self._entries.addWidget(below)
        self._entries.addSpacing(6)

    @Slot()
    def _on_clicked(self) -> None:
        sender = self.sender()
        if sender is not None:
            self._session.open_folder(Path(str(sender.property("folder"))))
