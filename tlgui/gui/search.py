"""The search over settings that goes on, or the last one of the project."""

import dataclasses
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from tlgui.core.dataset import Dataset
from tlgui.core.events import Outcome
from tlgui.core.search import SearchSpec, SearchState
from tlgui.core.search_events import (
    SearchBegan,
    SearchEnded,
    SearchEvent,
    TrialBegan,
    TrialEnded,
)
from tlgui.core.search_file import search_file
from tlgui.worker.jobs import SearchJob


class Search(QObject):
    """Knows what a search has found so far.

    The session begins and stops it; widgets read it and listen.

    Signals:
        changed: anything below is another.
        trial_began: another trial begins, whose run is told next.
        ended: it is over or paused, not failed; `state` is what it has found.
        restored: the last search of a project was read, or there is none.

    Attributes:
        file: in which it is kept; None if there is none.
        state: what it has found; None before it has begun.
        trial: the trial under way; None if none is.
        is_running: whether it goes on at this moment.
        is_latest: whether no other training was begun or shown since.
    """

    changed = Signal()
    trial_began = Signal()
    ended = Signal()
    restored = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._forget()

    def _forget(self) -> None:
        self.file: Path | None = None
        self.state: SearchState | None = None
        self.trial: TrialBegan | None = None
        self.is_running = False
        self.is_latest = False

    @property
    def can_go_on(self) -> bool:
        """Whether it was interrupted, and something is left to try."""
        found = self.state is not None and not self.state.is_over
        return found and not self.is_running

    def job(
        self, spec: SearchSpec, dataset: Dataset, parent: str, stem: str
    ) -> SearchJob:
        """A new search; it counts as running from now on.

        Args:
            spec: what is searched.
            dataset: the photos.
            parent: the folder of the runs.
            stem: with which their names begin.
        """
        self._forget()
        self.file = search_file(Path(parent), stem)
        self._run()
        return SearchJob(str(self.file), spec, dataset)

    def job_to_go_on(self, dataset: Dataset) -> SearchJob:
        """Goes on with the search that was interrupted."""
        assert self.file is not None
        self._run()
        return SearchJob(str(self.file), None, dataset)

    def _run(self) -> None:
        self.is_running = self.is_latest = True
        self.changed.emit()

    def step_back(self) -> None:
        """Another training is begun, or another run is shown."""
        if self.is_latest and not self.is_running:
            self.is_latest = False
            self.changed.emit()

    def restore(self, found: tuple[Path, SearchState] | None) -> None:
        """Takes what was read of a project."""
        self._forget()
        if found is not None:
            self.file, self.state = found
            self.is_latest = not self.state.is_over
        self.changed.emit()
        self.restored.emit()

    def take(self, event: SearchEvent) -> None:
        """Takes an event of the search under way."""
        match event:
            case SearchBegan(file, state) | SearchEnded(file, state):
                self.file, self.state = Path(file), state
                self.trial = None
            case TrialBegan():
                self.trial = event
                self.trial_began.emit()
            case TrialEnded(trial) if self.state is not None:
                self.trial = None
                state = self.state.with_trial(trial)
                spent = state.seconds + trial.seconds
                self.state = dataclasses.replace(state, seconds=spent)
        self.changed.emit()

    def end(self, outcome: Outcome) -> None:
        """Its job is over, however it ended."""
        if not self.is_running:
            return
        self.is_running = False
        self.trial = None
        self.changed.emit()
        if outcome is not Outcome.FAILED:
            self.ended.emit()
