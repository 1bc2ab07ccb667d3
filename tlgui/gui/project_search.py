"""The search of the open project: brought back, offered to go on, its runs shown."""

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from tlgui.core.search import SearchState
from tlgui.gui.project_runs import RESULT_PAGE, TRAINING_PAGE, ProjectRuns
from tlgui.gui.session import Session


class ProjectSearch(QObject):
    """Stands between the session's search and the runs of the project."""

    def __init__(
        self, session: Session, runs: ProjectRuns, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._runs = runs
        session.search.ended.connect(self._on_ended)

    def take(self, found: tuple[Path, SearchState] | None) -> None:
        """Takes the last search of a project that was opened.

        One that starts from a model which is none of this computer's is left out: the
        project may come from a stranger.
        """
        if found is not None:
            start = found[1].spec.base.start
            if self._runs.placed(start) != start:
                found = None
        self._session.search.restore(found)

    def offer_to_go_on(self) -> bool:
        """Tells of a search that was interrupted; False if there is none."""
        search = self._session.search
        if search.state is None or not search.can_go_on:
            return False
        text = self.tr(
            "A search for better settings was interrupted after {done} of {all} "
            "trials. It can go on where it was: Training, Go on."
        )
        done, planned = len(search.state.trials), search.state.spec.trials
        self._session.noticed.emit(text.format(done=done, all=planned))
        return True

    @Slot(str)
    def show_trial(self, folder: str) -> None:
        """Shows the run of a trial: its result, or its curves if it has none."""
        run = self._runs.find(folder)
        if run is None:
            self._session.trouble_told.emit(
                self.tr(
                    "The run of this trial is not among the runs any more. It may be "
                    "in the bin: see Runs."
                )
            )
        else:
            self._runs.show(folder, RESULT_PAGE if run.has_model else TRAINING_PAGE)

    @Slot()
    def _on_ended(self) -> None:
        """Shows the best run once the search is over."""
        state = self._session.search.state
        if state is not None and state.best is not None and state.is_over:
            self._runs.show(state.best.run, TRAINING_PAGE)
