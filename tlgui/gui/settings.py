"""The remembered choices, while the window is open."""

import dataclasses
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from tlgui.core.settings import (
    RECENT_KEPT,
    AppSettings,
    RecentProject,
    remembered,
)


class Settings(QObject):
    """Holds the present `AppSettings` and says when they change.

    Whoever made it reads them at the start and writes `values` at the end; other
    windows may have written theirs since (`core.settings_file`).

    Signals:
        changed: `values` is another one.
    """

    changed = Signal()

    def __init__(self, values: AppSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.values = values

    def change(self, **changes: Any) -> None:
        """Takes new values; says so only if they differ."""
        changed = dataclasses.replace(self.values, **changes)
        if changed != self.values:
            self.values = changed
            self.changed.emit()

    def remember_folder(self, folder: Path) -> None:
        """Puts a data folder first among the recent ones."""
        recent = remembered(self.values.recent_folders, str(folder))
        self.change(recent_folders=recent)

    def remember_run(self, folder: Path) -> None:
        """Puts a run folder first among the recent ones."""
        self.change(recent_runs=remembered(self.values.recent_runs, str(folder)))

    def remember_project(self, project: RecentProject) -> None:
        """Puts a project first among the recent ones, as the one to open again."""
        others = self._projects_but(project.folder)
        self.change(
            recent_projects=(project, *others)[:RECENT_KEPT],
            last_project=project.folder,
            draft={},
        )

    def forget_project(self, folder: str) -> None:
        """Takes a project from the recent ones."""
        last = self.values.last_project
        self.change(
            recent_projects=self._projects_but(folder),
            last_project="" if last == folder else last,
        )

    def _projects_but(self, folder: str) -> tuple[RecentProject, ...]:
        recent = self.values.recent_projects
        return tuple(known for known in recent if known.folder != folder)
