"""The course of a run: phase after phase, epoch after epoch, and its end."""

import contextlib
import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tlgui.core.backbone import Backbone
from tlgui.core.checkpoint import Checkpoint
from tlgui.core.dataset import TRAIN, VALIDATION, Dataset
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.events import (
    Emit,
    EpochEnded,
    EvaluationMade,
    Outcome,
    RunEnded,
    RunStarted,
    Stage,
    StageChanged,
    Stop,
    StopRequest,
    Streaming,
)
from tlgui.core.history import EpochRecord
from tlgui.core.label_report import EXACT_MATCH
from tlgui.core.layers import head_parameters
from tlgui.core.phases import Phase, plan_phases
from tlgui.core.run import Run
from tlgui.core.schedules import PLATEAU, plateau_share
from tlgui.ml.epochs import EpochProgress, EpochRunner
from tlgui.ml.feeding import Feed, Feeding
from tlgui.ml.learners import Weights
from tlgui.ml.pace_watch import PaceWatch
from tlgui.ml.pipeline import SampleReader
from tlgui.ml.run_report import make_report
from tlgui.ml.run_state import Best, RunState
from tlgui.ml.run_writer import RunWriter
from tlgui.ml.starting import backbone_with, start_of


@dataclass
class RunLoop:
    """One run under way: its phases and epochs, and what is kept of them."""

    run: Run
    dataset: Dataset
    reader: SampleReader
    emit: Emit
    stop: StopRequest
    started: float
    state: RunState = field(default_factory=RunState)
    feed: Feed | None = None

    def __post_init__(self) -> None:
        self.spec = self.run.spec
        self.start = start_of(self.run)
        self.backbone = backbone_with(self.start, self.spec, self.run.folder)
        if self.state.phase == 0 and self.start is not None:
            head = self.start.head_for(
                self.run.class_names, multilabel=self.dataset.is_multilabel
            )
            self.state.at_start = None if head is None else Weights(head)
        self.writer = RunWriter(self.run, self.backbone)
        at_once = self.state.at_once
        self.runner = EpochRunner(
            self.spec, self.dataset, self.reader, self.emit, self.stop, at_once
        )
        self.feeding = Feeding(
            self.spec,
            self.backbone,
            self.reader,
            self.runner.steps,
            self.emit,
            at_once,
        )
        self.pace = PaceWatch(self.backbone, self.emit)
        self.identity = self.feeding.identity()
        self.parameters = _count_parameters(
            self.backbone, self.spec.trainable, len(self.dataset.class_names)
        )

    def run_all(self) -> RunEnded:
        """Runs every phase that is to come, then keeps the best model.

        Raises:
            TlguiError: the course came to no good, or the result cannot be written;
                what was learned is kept as far as the disk takes it.
        """
        self._announce()
        try:
            self._run_phases()
        except BaseException:
            with contextlib.suppress(TlguiError):  # what happened first counts
                self.writer.flush()
            raise
        stopped = self.stop()
        if stopped is Stop.PAUSE:
            self.writer.flush()
            self._keep_state()
            return end_without_model(self.run.folder, self.emit, self.started)
        if stopped is Stop.DROP:
            return self._drop()
        self.emit(StageChanged(Stage.SAVING))
        try:
            self.writer.flush()
            self.feeding.note("checkpoint", self.writer.trouble)
            return self._keep(Outcome.STOPPED if stopped else Outcome.COMPLETED)
        except TlguiError as error:
            raise self._unsaved(error) from error

    def _run_phases(self) -> None:
        phases = plan_phases(self.spec)
        while self._run_phase(phases[self.state.phase]):
            if self.state.phase + 1 == len(phases):
                break
            self._end_phase()

    def _announce(self) -> None:
        trainable, total = self.parameters
        self.emit(
            RunStarted(
                str(self.run.folder),
                self.dataset.class_names,
                len(self.dataset.samples[TRAIN]),
                len(self.dataset.samples[VALIDATION]),
                self.spec.epochs,
                self.runner.steps,
                trainable,
                total,
                len(self.dataset.problems),
                self.state.at_once,
            )
        )
        if self.start is not None:
            told = self.start.notice_for(
                self.run.class_names, multilabel=self.dataset.is_multilabel
            )
            self.feeding.note("start", told)
        if self.dataset.is_multilabel:
            self.feeding.note("multilabel", EXACT_MATCH)
        for record in self.state.records:  # of a run that goes on
            self.emit(EpochEnded(record))

    def _run_phase(self, phase: Phase) -> bool:
        """Runs some epochs; False when the run is to end after them."""
        self.emit(StageChanged(Stage.LOADING))
        state = self.state
        self.feed = self.feeding.prepare(phase, state.at_start, state.streams)
        state.streams = self.feed.chosen.reason is Streaming.CHEAPER
        if state.learner is not None:
            self.feed.learner.set_state(state.learner)
            state.learner = None
        self.pace.begin(phase)
        self.emit(self.feed.chosen)
        self.emit(StageChanged(Stage.TRACING))
        while state.progress.epoch < phase.first_epoch + phase.epochs:
            if phase.schedule == PLATEAU:
                losses = [r.val_loss for r in state.records[phase.first_epoch - 1 :]]
                self.feed.learner.slow_down(plateau_share(losses))
            if self._is_patience_over() or not self._run_epoch(self.feed):
                return False
        return True

    def _end_phase(self) -> None:
        assert self.feed is not None
        self.state.phase += 1
        self.state.at_start = self.feed.learner.weights()
        self.state.streams = None

    def _run_epoch(self, feed: Feed) -> bool:
        began, progress = time.monotonic(), self.state.progress
        spent = progress.seconds

        def on_step(seconds: float, samples: int) -> None:
            self.pace.add(seconds, samples)
            progress.seconds = spent + time.monotonic() - began
            self._remember(feed, epoch_ended=False)

        self.runner.train(feed, progress, on_step)
        self.feeding.note("memory", feed.learner.notice)
        if self.stop() is not None:
            return False
        try:
            evaluation, val_loss = self.runner.validate(feed)
        except Stopped:
            return False
        record = EpochRecord(
            progress.epoch,
            progress.loss,
            progress.accuracy,
            val_loss,
            evaluation.accuracy,
            feed.learner.learning_rate,
            spent + time.monotonic() - began,
        )
        self.state.records.append(record)
        if self.state.is_best(record):
            self.state.best = Best(feed.learner.weights(), record, evaluation)
        self.state.progress = EpochProgress(record.epoch + 1)
        self._remember(feed, epoch_ended=True)
        self.emit(EpochEnded(record))
        return True

    def _remember(self, feed: Feed, *, epoch_ended: bool) -> None:
        checkpoint = self._checkpoint if epoch_ended else self._checkpoint_once_read
        self.writer.remember(
            self.state.records,
            self.state.best,
            functools.partial(checkpoint, feed),
            epoch_ended=epoch_ended,
        )
        self.feeding.note("checkpoint", self.writer.trouble)

    def _checkpoint_once_read(self, feed: Feed) -> Checkpoint | None:
        """The state at this moment; None until what is in the files is known."""
        return self._checkpoint(feed) if self.identity.is_ready() else None

    def _checkpoint(self, feed: Feed) -> Checkpoint:
        return self.state.to_checkpoint(feed.learner, self.identity.result())

    def _keep_state(self) -> None:
        """Writes a checkpoint of this moment, so that nothing is done twice."""
        if self.feed is not None:
            self.writer.keep(self._checkpoint(self.feed))

    def _is_patience_over(self) -> bool:
        best = self.state.best
        if self.spec.patience == 0 or best is None:
            return False
        since = self.state.records[-1].epoch - best.record.epoch
        return since >= self.spec.patience

    def _keep(self, outcome: Outcome) -> RunEnded:
        """Puts the best weights together and writes the report and the model.

        The model comes last: a run that has one is finished.
        """
        assert self.feed is not None
        best = self.state.best
        if best is None:  # stopped before the first epoch was over
            weights = self.feed.learner.weights()
            evaluation, loss = self.runner.validate(self.feed, stoppable=False)
            epoch = 0
        else:
            weights, evaluation = best.weights, best.evaluation
            epoch, loss = best.record.epoch, best.record.val_loss
        write_model = self.writer.build_model(weights)
        ended = RunEnded(
            str(self.run.folder),
            outcome,
            True,
            epoch,
            evaluation.accuracy,
            loss,
            time.monotonic() - self.started,
        )
        self.run.write_report(
            make_report(
                ended,
                evaluation,
                self.dataset,
                self.parameters,
                len(self.state.records),
                self.reader.lost,
                self.feeding.notices,
            )
        )
        write_model()
        self.writer.drop_checkpoints()
        self.emit(EvaluationMade(evaluation))
        self.emit(ended)
        return ended

    def _drop(self) -> RunEnded:
        """Ends without a model."""
        self.writer.flush()
        self.writer.drop_checkpoints()
        return end_without_model(self.run.folder, self.emit, self.started)

    def _unsaved(self, error: TlguiError) -> TlguiError:
        """Keeps the very last state, for which there may be room, and says so."""
        self._keep_state()
        kept = "What was learned is kept"
        if self.writer.trouble:
            kept = "What was learned since the last checkpoint could not be kept"
        return TlguiError(
            f"{error} {kept}: once that is mended, go on with this run (in Runs, or "
            "with `tlgui train … --resume`), and it ends as it would have."
        )


def end_without_model(folder: Path, emit: Emit, started: float) -> RunEnded:
    """Tells that nothing was kept."""
    seconds = time.monotonic() - started
    ended = RunEnded(str(folder), Outcome.STOPPED, False, 0, 0.0, 0.0, seconds)
    emit(ended)
    return ended


def _count_parameters(
    backbone: Backbone, trainable_blocks: Sequence[str], classes: int
) -> tuple[int, int]:
    """Keras' own count of (trainable, total) parameters, from the catalogue."""
    head = head_parameters(backbone.features, classes)
    trainable = sum(
        block.trainable_parameters
        for block in backbone.blocks
        if block.name in trainable_blocks
    )
    return trainable + head, backbone.parameters + head
