"""The File menu's entries for projects."""

from pathlib import Path

from PySide6.QtCore import QDir, QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from tlgui.core.project_paths import SUFFIX
from tlgui.gui.percent import percent
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.session import Session, Status
from tlgui.gui.settings import Settings


class ProjectMenu(QObject):
    """New, open, recent, save as; what cannot be done now is grey."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        projects: ProjectSession,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._projects = projects
        self._window = window
        self.new = QAction(self.tr("New project"), self)
        self.open = QAction(self.tr("Open project…"), self)
        self.save_as = QAction(self.tr("Save as…"), self)
        self.recent = QMenu(self.tr("Recent projects"), window)
        self.new.setShortcut("Ctrl+N")
        self.open.setShortcut("Ctrl+Shift+O")
        self.save_as.setShortcut("Ctrl+Shift+S")
        self.new.triggered.connect(projects.begin_anew)
        self.open.triggered.connect(self.choose_project)
        self.save_as.triggered.connect(self.choose_copy)
        self.recent.aboutToShow.connect(self.fill_recent)
        self.recent.triggered.connect(self._open_recent)
        session.status_changed.connect(self._show_state)
        settings.changed.connect(self._show_state)
        self._show_state()

    def add_to(self, menu: QMenu) -> None:
        """Puts the entries into a menu."""
        menu.addAction(self.new)
        menu.addAction(self.open)
        menu.addMenu(self.recent)
        menu.addAction(self.save_as)

    @Slot()
    def _show_state(self) -> None:
        idle = self._session.status is Status.IDLE
        for action in (self.new, self.open, self.save_as):
            action.setEnabled(idle)
        known = bool(self._settings.values.recent_projects)
        self.recent.setEnabled(idle and known)

    @Slot()
    def fill_recent(self) -> None:
        """Lists the recent projects, the latest first."""
        self.recent.clear()
        for project in self._settings.values.recent_projects:
            folder = Path(project.folder)
            name = folder.name.removesuffix(SUFFIX).replace("&", "&&")
            if project.best >= 0:
                name = self.tr("{name} ({best} right)").format(
                    name=name, best=percent(project.best)
                )
            action = self.recent.addAction(name)
            action.setToolTip(QDir.toNativeSeparators(project.folder))
            action.setData(project.folder)
        self.recent.setToolTipsVisible(True)

    @Slot(QAction)
    def _open_recent(self, action: QAction) -> None:
        self._projects.open(Path(str(action.data())))

    @Slot()
    def choose_project(self) -> None:
        """Asks for a project's folder."""
        dialog = QFileDialog(self._window, self.tr("Open a project (NAME.tlgui)"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setDirectory(self._place())
        dialog.fileSelected.connect(self._on_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def _on_chosen(self, folder: str) -> None:
        self._projects.open(Path(folder))

    @Slot()
    def choose_copy(self) -> None:
        """Asks for the place and the name of a copy."""
        dialog = QFileDialog(self._window, self.tr("Save the project as"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.setNameFilter(self.tr("Projects (*{suffix})").format(suffix=SUFFIX))
        dialog.setDirectory(self._place())
        dialog.selectFile(self._proposal())
        dialog.fileSelected.connect(self._on_copy_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def _on_copy_chosen(self, file: str) -> None:
        self._projects.save_as(Path(file))

    def _place(self) -> str:
        folder = self._projects.state.folder
        return str(folder.parent if folder is not None else self._session.runs_dir)

    def _proposal(self) -> str:
        state, dataset = self._projects.state, self._session.dataset
        if state.folder is not None:
            return self.tr("{name} (copy)").format(name=state.name) + SUFFIX
        name = dataset.root.name if dataset is not None else self.tr("My project")
        return name + SUFFIX
