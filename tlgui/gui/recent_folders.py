"""Projects and folders that were opened before, a click away."""

from pathlib import Path

from PySide6.QtCore import QDir, Qt, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from tlgui.core.project_paths import PICTURE, SUFFIX
from tlgui.core.settings import RecentProject
from tlgui.gui.controls import GAP, SMALL_GAP, button, column, label, row
from tlgui.gui.elided_label import ElidedLabel
from tlgui.gui.percent import percent
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.gui.thumbnails import Thumbnails

_SHOWN = 4
_SIDE = 40


class RecentFolders(QFrame):
    """The latest projects, and folders without one; hidden where there are none.

    Something is remembered once it could be read. Whether it is still there is found
    out when it is opened.
    """

    def __init__(
        self, session: Session, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self._pictures: dict[str, QLabel] = {}
        self._thumbnails = Thumbnails(session.reading, self)
        self._thumbnails.thumbnail_ready.connect(self._on_thumbnail)
        self.setProperty("role", "card")
        self._heading = label("", "heading")
        self._entries = QVBoxLayout()
        self._entries.setSpacing(0)
        content = column(self._heading, self._entries, None)
        content.setContentsMargins(GAP, GAP, GAP, GAP)
        self.setLayout(content)
        settings.changed.connect(self._fill)
        session.dataset_changed.connect(self._on_dataset_changed)
        self._fill()

    @property
    def buttons(self) -> list[QPushButton]:
        """One an entry, the latest first."""
        return self.findChildren(QPushButton)

    @Slot()
    def _on_dataset_changed(self) -> None:
        if self._session.dataset is not None:
            self._settings.remember_folder(self._session.dataset.source)
        else:  # an empty project: the pictures may be others now
            self._thumbnails.clear()
            self._fill()

    @Slot()
    def _fill(self) -> None:
        while (item := self._entries.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        self._pictures.clear()
        projects = self._settings.values.recent_projects[:_SHOWN]
        taken = {project.data for project in projects}
        known = self._settings.values.recent_folders
        folders = [folder for folder in known if folder not in taken]
        for project in projects:
            self._add_project(project)
        for folder in folders[: _SHOWN - len(projects)]:
            self._add_folder(folder)
        self._heading.setText(
            self.tr("Recent projects") if projects else self.tr("Recent folders")
        )
        self.setVisible(bool(projects or folders))

    def _add_project(self, project: RecentProject) -> None:
        name = Path(project.folder).name.removesuffix(SUFFIX)
        picture = QLabel()
        picture.setFixedSize(_SIDE, _SIDE)
        file = str(Path(project.folder) / PICTURE)
        self._pictures[file] = picture
        about = [self.tr("{0} photos").format(project.samples)]
        if project.best >= 0:
            best = self.tr("best: {0} right").format(percent(project.best))
            about.insert(0, best)
        entry, below = self._entry(name, project.folder, " · ".join(about))
        texts = column(entry, below, gap=0)
        texts.setAlignment(entry, Qt.AlignmentFlag.AlignLeft)
        line = row(picture, texts, gap=10)
        line.setStretch(1, 1)
        self._add(line)
        self._show_picture(file)

    def _add_folder(self, folder: str) -> None:
        path = QDir.toNativeSeparators(folder)
        entry, below = self._entry(Path(folder).name or path, folder, path)
        texts = column(entry, below, gap=0)
        texts.setAlignment(entry, Qt.AlignmentFlag.AlignLeft)
        self._add(texts)

    def _entry(
        self, name: str, folder: str, about: str
    ) -> tuple[QPushButton, ElidedLabel]:
        path = QDir.toNativeSeparators(folder)
        entry = button(name.replace("&", "&&"), "link")
        entry.setProperty("folder", folder)
        entry.setToolTip(path)
        entry.setAccessibleName(self.tr("Open {folder}").format(folder=path))
        entry.clicked.connect(self._on_clicked)
        below = ElidedLabel("small")
        below.setIndent(2)
        below.show_text(about)
        return entry, below

    def _add(self, content: QBoxLayout) -> None:
        holder = QWidget()
        content.setContentsMargins(0, 0, 0, SMALL_GAP)
        holder.setLayout(content)
        self._entries.addWidget(holder)

    def _show_picture(self, file: str) -> None:
        picture = self._thumbnails.pixmap(file)
        shown = self._pictures.get(file)
        if picture is None or picture.isNull() or shown is None:
            return
        side = round(_SIDE * shown.devicePixelRatioF())
        size = Qt.AspectRatioMode.KeepAspectRatio
        smooth = Qt.TransformationMode.SmoothTransformation
        scaled: QPixmap = picture.scaled(side, side, size, smooth)
        scaled.setDevicePixelRatio(shown.devicePixelRatioF())
        shown.setPixmap(scaled)

    @Slot(str)
    def _on_thumbnail(self, file: str) -> None:
        self._show_picture(file)

    @Slot()
    def _on_clicked(self) -> None:
        sender = self.sender()
        if sender is not None:
            self._session.open_folder(Path(str(sender.property("folder"))))
