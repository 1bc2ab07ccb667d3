"""What is known of the runs of the open project."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from tlgui.core.project import RunEntry
from tlgui.core.project_paths import RUNS
from tlgui.core.project_runs import RunSummary
from tlgui.gui.project_state import ProjectState
from tlgui.gui.session import Session, Status


class KnownRuns(QObject):
    """The runs as they were read last, and what the project notes of them.

    Signals:
        changed: `runs`, their names or stars, or the bin are others.

    Attributes:
        runs: in the order of their folders' names.
        binned: the folder names of the runs in the bin.
    """

    changed = Signal()

    def __init__(
        self, session: Session, state: ProjectState, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._state = state
        self.runs: tuple[RunSummary, ...] = ()
        self.binned: tuple[str, ...] = ()

    def find(self, folder: str) -> RunSummary | None:
        """A run by the name of its folder."""
        return next((run for run in self.runs if run.folder == folder), None)

    def entry(self, folder: str) -> RunEntry:
        """What is noted of a run."""
        return self._state.project.entry(folder)

    def name(self, folder: str) -> str:
        """What a run is called."""
        return self.entry(folder).name or folder

    def begun(self, run: RunSummary) -> str:
        """When a run began, in ISO 8601."""
        return self.entry(run.folder).created or run.begun

    def origin(self, run: RunSummary) -> str:
        """What the model is called that a run started from; "" for the catalogue's."""
        start = Path(run.spec.start)
        if not run.spec.start:
            return ""
        if start.parent.name == RUNS and self.find(start.name) is not None:
            return self.name(start.name)
        return self._session.starts.name(start)

    def placed(self, start: str) -> str:
        """Where a model to start from lies now; "" if it is none of this computer's.

        Args:
            start: as a spec names it. The project may have been moved since, or come
                from a stranger.
        """
        path, home = Path(start), self._state.folder
        is_run = path.parent.name == RUNS and self.find(path.name) is not None
        if home is not None and is_run:
            return str(home / RUNS / path.name)
        return start if start and self._state.is_known_place(path) else ""

    def trains_elsewhere(self, folder: str) -> bool:
        """Whether another window or the command line trains a run at this moment."""
        run, plan = self.find(folder), self._session.run.plan
        is_ours = plan is not None and Path(plan.run).name == folder
        is_training_here = is_ours and self._session.status is not Status.IDLE
        return run is not None and run.in_training and not is_training_here

    def take(self, runs: tuple[RunSummary, ...], binned: tuple[str, ...]) -> None:
        """Takes the runs as they were read."""
        self.runs, self.binned = runs, binned
        self.changed.emit()
