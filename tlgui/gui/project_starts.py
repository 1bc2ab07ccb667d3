"""The finished runs of the open project as models that a run can start from."""

from PySide6.QtCore import QObject, Signal, Slot

from tlgui.core.project_paths import RUNS
from tlgui.core.project_runs import RunSummary
from tlgui.gui.project_runs import TRAINING_PAGE, ProjectRuns, choices
from tlgui.gui.project_state import ProjectState
from tlgui.gui.session import Session, Status
from tlgui.gui.start_words import StartWords
from tlgui.gui.starting_points import NamedRun


class ProjectStarts(QObject):
    """Offers finished runs as starting points, with their names and stars.

    Signals:
        page_asked(str): the window should show a page.
    """

    page_asked = Signal(str)

    def __init__(
        self,
        session: Session,
        state: ProjectState,
        runs: ProjectRuns,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._state = state
        self._runs = runs
        self._words = StartWords(self)
        self._untold = ""
        runs.changed.connect(self._on_runs)
        session.starts.changed.connect(self._tell)

    @Slot()
    def _on_runs(self) -> None:
        finished = [run for run in self._runs.runs if run.has_model]
        self._session.starts.take_runs([self._named(run) for run in finished])

    def _named(self, run: RunSummary) -> NamedRun:
        assert self._state.folder is not None
        return NamedRun(
            self._state.folder / RUNS / run.folder,
            self._runs.name(run.folder),
            self._runs.entry(run.folder).starred,
            self._runs.begun(run),
        )

    @Slot(str)
    def continue_from(self, folder: str) -> None:
        """Chooses a run to start from, with its settings.

        Args:
            folder: the name of its folder.
        """
        run, home = self._runs.find(folder), self._state.folder
        if run is None or home is None or not run.has_model:
            return
        if self._session.status is not Status.IDLE:
            return
        start = str(home / RUNS / folder)
        self._session.change_spec(**{**choices(run.spec), "start": start})
        self.page_asked.emit(TRAINING_PAGE)
        self._untold = start
        self._tell()

    @Slot()
    def _tell(self) -> None:
        """Says what starting from the run means, once its classes are known."""
        own = self._session.starts.find(self._untold)
        if own is None:
            return
        self._untold = ""
        text = self.tr("Starts from “{name}”. Choose what to change, then train.")
        meaning = self._words.classes(own.point, self._session.class_names)
        self._session.noticed.emit(f"{text.format(name=own.title)} {meaning}")
