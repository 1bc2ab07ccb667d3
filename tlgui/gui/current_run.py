"""What is known of the run that goes on, or of the one that is shown."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from tlgui.core import events
from tlgui.core.events import Outcome, Stage
from tlgui.core.history import EpochRecord
from tlgui.core.project_shown import ShownRun
from tlgui.core.report import AnyEvaluation
from tlgui.core.run import Run


class CurrentRun(QObject):
    """Grows with the events of a job, or is filled from a run folder.

    The session fills and empties it; widgets read it and listen.

    Attributes:
        stage: what the engine is doing; None while it does nothing.
        progress: of the stage: done, and in all.
        plan: what the run said before its first step.
        source: how the present phase gets its samples.
        notices: what went otherwise than planned.
        batches: the steps, as far as they were told.
        history: the finished epochs.
        evaluation: of the kept model; None if there is none.
        ending: the last word of the run.
        job_ending: the last word of its job, which knows why it failed.
        folder: of the run; None if it kept no model.
        attempt: which recipe an automatic training tries at this moment.
        verdict: the last word of an automatic training.
        sentences: what an automatic training tried, and why this run won.

    Signals:
        emptied: everything that was known was emptied.
        stage_changed: `stage` or `progress` changed.
        started: `plan` is known.
        source_chosen: `source` is known, once a phase before its first epoch.
        noticed(str): `notices` grew.
        batch_ended(BatchEnded): `batches` grew.
        epoch_ended(EpochRecord): `history` grew.
        ended(RunEnded): the run is over; `evaluation` is there if a model was kept.
        opened: a run was read from its folder.
    """

    emptied = Signal()
    stage_changed = Signal()
    started = Signal()
    source_chosen = Signal()
    noticed = Signal(str)
    batch_ended = Signal(object)
    epoch_ended = Signal(object)
    ended = Signal(object)
    opened = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._forget()

    def _forget(self) -> None:
        self.stage: Stage | None = None
        self.progress = (0, 0)
        self.plan: events.RunStarted | None = None
        self.source: events.SourceChosen | None = None
        self.notices: list[str] = []
        self.batches: list[events.BatchEnded] = []
        self.history: list[EpochRecord] = []
        self.evaluation: AnyEvaluation | None = None
        self.ending: events.RunEnded | None = None
        self.job_ending: events.JobEnded | None = None
        self.folder: Path | None = None
        self.attempt: events.AttemptBegan | None = None
        self.verdict: events.AutomaticEnded | None = None
        self.sentences: tuple[str, ...] = ()

    @property
    def has_result(self) -> bool:
        """Whether there is a model to predict with."""
        return self.folder is not None and self.evaluation is not None

    def empty(self) -> None:
        """Forgets everything, for another run."""
        self._forget()
        self.emptied.emit()

    def show(self, shown: ShownRun) -> None:
        """Takes a run of a project; `empty` comes before."""
        self.history = list(shown.history)
        self.evaluation = shown.evaluation
        self.plan, self.ending = shown.plan, shown.ended
        self.sentences = shown.run.sentences
        kept = shown.ended is None or shown.ended.kept
        self.folder = shown.run.folder if kept else None
        self.opened.emit()

    def fill(
        self,
        run: Run,
        history: Sequence[EpochRecord],
        evaluation: AnyEvaluation | None,
    ) -> None:
        """Takes a run from its folder; `opened` is for the session to tell."""
        self.history = list(history)
        self.evaluation = evaluation
        self.sentences = run.sentences
        self.folder = run.folder

    def take(self, event: events.Event) -> None:
        """Takes an event of the job under way."""
        match event:
            case events.StageChanged(stage):
                self.stage, self.progress = stage, (0, 0)
                self.stage_changed.emit()
            case events.ProgressMade(stage, done, total):
                self.stage, self.progress = stage, (done, total)
                self.stage_changed.emit()
            case events.BatchEnded():
                self.batches.append(event)
                self.batch_ended.emit(event)
            case events.EpochEnded(record):
                self.history.append(record)
                self.epoch_ended.emit(record)
            case events.AttemptBegan() | events.AutomaticEnded():
                self._take_automatic(event)
            case _:
                self._take_once(event)

    def _take_once(self, event: events.Event) -> None:
        """Takes what is told once in a run, or once a phase."""
        match event:
            case events.RunStarted():
                self.plan = event
                self.started.emit()
            case events.SourceChosen():
                self.source = event
                self.source_chosen.emit()
            case events.Noticed(sentence):
                self.notices.append(sentence)
                self.noticed.emit(sentence)
            case events.EvaluationMade(evaluation):
                self.evaluation = evaluation
            case events.RunEnded():
                self.ending = event
                self.folder = Path(event.run) if event.kept else None

    def _take_automatic(
        self, event: events.AttemptBegan | events.AutomaticEnded
    ) -> None:
        if isinstance(event, events.AttemptBegan):
            self.empty()
            self.attempt = event
            self.stage_changed.emit()
        else:
            self.verdict = event

    def end(self, outcome: Outcome) -> None:
        """Says that the run is over, with its own last word if it had one."""
        if self.ending is None:
            folder = self.plan.run if self.plan else ""
            self.ending = events.RunEnded(folder, outcome, False, 0, 0, 0, 0)
        self.ended.emit(self.ending)
