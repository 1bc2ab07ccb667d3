"""The open project as it is now, and the writing of it."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tlgui import paths
from tlgui.core.project import Project
from tlgui.core.project_folder import now_text
from tlgui.core.project_json import project_to_json
from tlgui.core.project_paths import RUNS, SUFFIX
from tlgui.core.settings import RecentProject
from tlgui.gui.run_home import RunHome
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.worker.project_files import ProjectFiles

WRITE_MILLISECONDS = 300


class ProjectState(QObject):
    """Holds the project and has it written by itself, soon after each change.

    A project has no folder until its first run begins; until then it lies among the
    remembered choices, as their draft.

    Signals:
        moved: another project is open, or it has a folder now.
    """

    moved = Signal()

    def __init__(
        self,
        session: Session,
        settings: Settings,
        files: ProjectFiles,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self._files = files
        self.folder: Path | None = None
        self.project = Project(created=now_text())
        self.read_only = False
        self.is_restoring = False
        self._told = ""
        self._timer = QTimer(self, singleShot=True, interval=WRITE_MILLISECONDS)
        self._timer.timeout.connect(self.flush)
        session.spec_changed.connect(self.touch)
        settings.changed.connect(self.touch)
        files.written.connect(self._on_written)
        self._aim()

    @property
    def name(self) -> str:
        """What the project is called; "" while it has no folder."""
        return "" if self.folder is None else self.folder.name.removesuffix(SUFFIX)

    @property
    def data_root(self) -> Path | None:
        """Where the photos lie."""
        data = self.project.data
        return None if data is None else Path(data.root)

    def take(self, folder: Path | None, project: Project, *, read_only: bool) -> None:
        """Goes over to another project."""
        self.folder, self.project, self.read_only = folder, project, read_only
        self._aim()
        self.remember()
        self.moved.emit()

    def is_known_place(self, folder: Path) -> bool:
        """Whether a folder lies in a project of this computer, or among its models."""
        recent = [Path(known.folder) for known in self._settings.values.recent_projects]
        roots = (paths.models_dir(), self._session.runs_dir, *recent)
        tidy = Path(os.path.abspath(folder))  # noqa: PTH100 - keeps links, drops ".."
        return any(root in tidy.parents for root in roots)

    def change(self, **changes: Any) -> None:
        """Takes other values of the project."""
        changed = dataclasses.replace(self.project, **changes)
        if changed != self.project:
            self.project = changed
            self.touch()

    def change_view(self, **changes: Any) -> None:
        """Notes what the window shows."""
        if not self.is_restoring:
            self.change(view=dataclasses.replace(self.project.view, **changes))

    def current(self) -> Project:
        """The project with the present choices."""
        return dataclasses.replace(self.project, spec=self._session.spec)

    def remember(self) -> None:
        """Puts the project first among the recent ones."""
        if self.folder is None:
            return
        data = self.project.data
        about = (0, 0, "")
        if data is not None:
            about = data.samples, data.classes, data.root
        self._settings.remember_project(
            RecentProject(str(self.folder), self.project.best, *about)
        )

    @Slot()
    def touch(self) -> None:
        """Has the project written soon."""
        if not self.is_restoring:
            self._timer.start()

    @Slot()
    def flush(self) -> None:
        """Has everything written now that is not written yet."""
        if self.folder is None:
            known = self.project.data is not None
            draft = project_to_json(self.current()) if known else {}
            self._settings.change(draft=draft)
        elif not self.read_only:
            self.project = self.current()
            self._files.write(self.folder, self.project)
        self._files.write_settings(self._settings.values)
        self._timer.stop()

    def _aim(self) -> None:
        """Tells the session where runs are put."""
        obstacle = self.tr(
            "This project is open for reading only. To train in it, save a copy: "
            "File, Save as."
        )
        self._session.home = RunHome(
            None if self.folder is None else self.folder / RUNS,
            self.folder is None,
            obstacle if self.read_only else "",
        )

    @Slot(str)
    def _on_written(self, trouble: str) -> None:
        if trouble and trouble != self._told:
            self._session.trouble_told.emit(trouble)
        self._told = trouble
