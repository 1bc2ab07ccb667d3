"""The page on which the photos are chosen."""

import sys
from pathlib import Path

from PySide6.QtCore import QDir, QMimeData, QStandardPaths, Qt, Slot
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QFileDialog, QStackedLayout, QWidget

from tlgui.gui.controls import PAGE_MARGIN, column, scrolled
from tlgui.gui.data_overview import DataOverview
from tlgui.gui.drop_zone import DropOverlay, EmptyView
from tlgui.gui.dropped import model_in
from tlgui.gui.scan_view import ScanView
from tlgui.gui.session import Session, Status
from tlgui.gui.settings import Settings


class DataPage(QWidget):
    """Shows the empty page, a scan under way, or what was found.

    A folder, or a table of photos, can be dropped anywhere on it.
    """

    def __init__(
        self, session: Session, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self.empty = EmptyView(session, settings)
        self.scan = ScanView(session)
        self.overview = DataOverview(session)
        self._views = QStackedLayout()
        self._empty_area = scrolled(self.empty)
        self._empty_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._empty_area.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for view in (self._empty_area, self.scan, self.overview):
            self._views.addWidget(view)
        self.setLayout(column(self._views, margin=PAGE_MARGIN))
        self.overlay = DropOverlay(self)
        self.setAcceptDrops(True)
        self.empty.choosing_asked.connect(self.choose_folder)
        self.empty.table_asked.connect(self.choose_table)
        self.overview.choosing_asked.connect(self.choose_folder)
        session.scan.started.connect(self._show_view)
        session.dataset_changed.connect(self._show_view)
        session.scan.ended.connect(self._show_view)
        self._show_view()

    @Slot()
    def choose_folder(self) -> None:
        """Opens the system's folder dialog."""
        if self._session.status is not Status.IDLE:
            return
        dialog = QFileDialog(self, self.tr("Choose a folder of photos"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setDirectory(self._start_folder())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._on_folder_chosen)
        dialog.open()

    @Slot()
    def choose_table(self) -> None:
        """Opens the system's dialog for a table of photos and their classes."""
        if self._session.status is not Status.IDLE:
            return
        dialog = QFileDialog(self, self.tr("Choose a table of photos"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(self.tr("Tables ({0})").format("*.csv *.tsv *.txt"))
        dialog.setDirectory(self._start_folder())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._on_folder_chosen)
        dialog.open()

    def _start_folder(self) -> str:
        recent = self._settings.values.recent_folders
        if recent:
            return str(Path(recent[0]).parent)
        pictures = QStandardPaths.StandardLocation.PicturesLocation
        return QStandardPaths.writableLocation(pictures) or QDir.homePath()

    @Slot(str)
    def _on_folder_chosen(self, folder: str) -> None:
        self._session.open_folder(Path(folder))

    @Slot()
    def _show_view(self) -> None:
        view: QWidget = self._empty_area
        focus: QWidget = self.empty.zone.choose_button
        if self._session.scan.is_under_way:
            view, focus = self.scan, self.scan.cancel_button
        elif self._session.dataset is not None:
            view, focus = self.overview, self.overview.classes
        changed = self._views.currentWidget() is not view
        self._views.setCurrentWidget(view)
        self.setFocusProxy(focus)
        if changed and self.isVisible():
            focus.setFocus()

    def _open_dropped(self, data: QMimeData) -> None:
        dropped = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        if len(dropped) == 1:
            self._session.open_folder(Path(dropped[0]))
            return
        parent = QDir.toNativeSeparators(str(Path(dropped[0]).parent))
        self._session.trouble_told.emit(
            self.tr(
                "Expected one folder, but {count} things were dropped. Drop the folder "
                "that holds all of them: {folder}."
            ).format(count=len(dropped), folder=parent)
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Lights up for what lies on a disk, unless a model is training."""
        mime = event.mimeData()
        local = any(url.isLocalFile() for url in mime.urls())
        if model_in(mime) is not None:
            return  # the window takes it
        if local and self._session.status is Status.IDLE:
            event.acceptProposedAction()
            self.overlay.setGeometry(self.rect())
            self.overlay.raise_()
            self.overlay.show()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Goes dark again."""
        self.overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Opens what was dropped."""
        self.overlay.hide()
        event.acceptProposedAction()
        self._open_dropped(event.mimeData())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Opens the dialog with the system's key for it.

        A shortcut of the page would collide with that of a window's menu, and
        then neither would work.
        """
        if event.matches(QKeySequence.StandardKey.Open):
            self.choose_folder()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Puts the keyboard where a newcomer needs it, unless it is in use."""
        super().showEvent(event)
        if self.window().focusWidget() is None:
            self.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the overlay over all of it."""
        super().resizeEvent(event)
        self.overlay.setGeometry(self.rect())


def main() -> int:
    """Shows the page alone, with a real reader thread and no engine."""
    from PySide6.QtWidgets import QApplication

    from tlgui.core.settings import read_settings, settings_file
    from tlgui.gui.banner import Banner
    from tlgui.gui.preview import PAGE_SIZE, PreviewJobs
    from tlgui.gui.theme import Appearance, apply_theme
    from tlgui.worker.reader import Reader

    application = QApplication(sys.argv)
    dark = "--dark" in sys.argv
    apply_theme(application, Appearance.DARK if dark else Appearance.LIGHT)
    reader = Reader()
    session = Session(PreviewJobs(()), reader)
    window = QWidget()
    page = DataPage(session, Settings(read_settings(settings_file())))
    window.setLayout(column(Banner(session), page, gap=0))
    window.resize(*PAGE_SIZE)
    window.show()
    for folder in application.arguments()[1:]:
        if not folder.startswith("--"):
            session.open_folder(Path(folder))
    code = application.exec()
    reader.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
