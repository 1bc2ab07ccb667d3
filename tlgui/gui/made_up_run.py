"""A run that is made up, for looking at the training page without an engine."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from tlgui.core import events
from tlgui.core.dataset import TRAIN, VALIDATION, Dataset
from tlgui.core.events import Outcome, Stage
from tlgui.core.history import EpochRecord, best_epoch
from tlgui.gui.preview import PreviewJobs, made_up_evaluation
from tlgui.gui.session import Session, Status

_STEP_MS = 60


class MadeUpRun(QObject):
    """Plays plausible events whenever a run is started or stopped."""

    def __init__(self, session: Session, jobs: PreviewJobs) -> None:
        super().__init__(session)
        self._session = session
        self._jobs = jobs
        self._course: Iterator[events.Event] = iter(())
        self._timer = QTimer(self, interval=_STEP_MS)
        self._timer.timeout.connect(self._play_one)
        session.status_changed.connect(self._on_status)

    @Slot()
    def _on_status(self) -> None:
        if self._session.status is Status.RUNNING:
            self._course = course_of(self._session)
            self._timer.start()
        elif self._session.status is Status.STOPPING:
            self._course = iter(ending_of(self._session, Outcome.STOPPED))

    @Slot()
    def _play_one(self) -> None:
        event = next(self._course, None)
        if event is None:
            self._timer.stop()
        else:
            self._jobs.event_received.emit(event)


def course_of(session: Session, seed: int = 1) -> Iterator[events.Event]:
    """The events of a run of the session's spec."""
    dataset, spec = session.dataset, session.spec
    assert dataset is not None
    train = len(dataset.samples[TRAIN])
    validation = len(dataset.samples.get(VALIDATION, ())) or round(train / 5)
    steps = max(1, -(-train // spec.batch_size))
    numbers = np.random.default_rng(seed)
    for done in range(0, train, max(1, train // 10)):
        yield events.ProgressMade(Stage.READING, done, train)
    yield events.StageChanged(Stage.TRACING)
    yield events.RunStarted(
        str(session.runs_dir / dataset.root.name),
        dataset.class_names,
        train,
        validation,
        spec.epochs,
        steps,
        2_562,
        3_371_458,
        len(dataset.problems),
    )
    for epoch in range(1, spec.epochs + 1):
        yield events.StageChanged(Stage.TRAINING)
        for step in range(1, steps + 1):
            x = epoch - 1 + step / steps
            loss, accuracy = _values(x, 0.0, numbers.normal(0, 0.08))
            yield events.BatchEnded(epoch, step, steps, loss, accuracy)
        yield events.StageChanged(Stage.VALIDATING)
        yield events.EpochEnded(_record(epoch, numbers))
    yield from ending_of(session, Outcome.COMPLETED)


def ending_of(session: Session, outcome: Outcome) -> list[events.Event]:
    """The last events of a run."""
    best, dataset = best_epoch(session.run.history), session.dataset
    if best is None or dataset is None or session.run.plan is None:
        return [events.JobEnded(outcome)]
    return [
        events.StageChanged(Stage.SAVING),
        events.EvaluationMade(made_up_evaluation(_validation_of(dataset))),
        events.RunEnded(
            session.run.plan.run,
            outcome,
            True,
            best.epoch,
            best.val_accuracy,
            best.val_loss,
            sum(record.seconds for record in session.run.history),
        ),
        events.JobEnded(outcome),
    ]


def _validation_of(dataset: Dataset) -> Dataset:
    samples = dataset.samples.get(VALIDATION) or dataset.samples[TRAIN][::5]
    return replace(dataset, samples={VALIDATION: samples})


def _record(epoch: int, numbers: np.random.Generator) -> EpochRecord:
    loss, accuracy = _values(epoch - 0.5, 0.0, numbers.normal(0, 0.01))
    val_loss, val_accuracy = _values(epoch, 0.04, numbers.normal(0, 0.02))
    return EpochRecord(epoch, loss, accuracy, val_loss, val_accuracy, 1e-3, 4.6)


def _values(x: float, gap: float, noise: float) -> tuple[float, float]:
    """Loss and accuracy at a position on the axis of epochs."""
    loss = 0.09 + gap + 0.75 * math.exp(-x / 2.2)
    accuracy = 0.975 - gap - 0.45 * math.exp(-x / 1.6) - noise / 2
    return max(0.01, loss * (1 + 2 * noise)), min(1.0, max(0.0, accuracy))


def play_made_up_runs(session: Session) -> None:
    """Lets a preview's session answer when a run is started."""
    jobs = session.findChild(PreviewJobs)
    assert jobs is not None
    MadeUpRun(session, jobs)
