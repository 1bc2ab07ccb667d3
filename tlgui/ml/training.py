"""Fine-tunes a model: a plain function, without Qt and without processes."""

import contextlib
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tlgui.core.catalogue import find_backbone
from tlgui.core.dataset import TRAIN, VALIDATION, Dataset
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.events import (
    BatchEnded,
    Emit,
    EpochEnded,
    EvaluationMade,
    Outcome,
    ProgressMade,
    RunEnded,
    RunStarted,
    Stage,
    StageChanged,
    Stop,
    StopRequest,
    never_stop,
)
from tlgui.core.history import EpochRecord, best_epoch
from tlgui.core.layers import head_parameters
from tlgui.core.phases import Phase, plan_phases
from tlgui.core.report import Evaluation, evaluation_of
from tlgui.core.run import Run, check_new_run, create_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.split import class_weights
from tlgui.core.task import find_task
from tlgui.core.types import Floats
from tlgui.ml import models
from tlgui.ml.evaluation import predict_samples
from tlgui.ml.feeding import Feed, Feeding
from tlgui.ml.head_solver import one_blas_thread
from tlgui.ml.learners import Learner, Weights
from tlgui.ml.pipeline import SampleReader, check_readable, training_order
from tlgui.ml.preparing import prepare_data
from tlgui.ml.run_report import make_report, save_checkpoint

# The live curve needs no more than this many batch values a second.
_BATCH_INTERVAL = 0.05


def train(
    spec: TrainingSpec,
    folder: Path,
    emit: Emit,
    stop: StopRequest = never_stop,
    dataset: Dataset | None = None,
) -> RunEnded:
    """Fine-tunes a pretrained backbone with a new head on a person's data.

    Args:
        spec: decides the run.
        folder: the run folder to make; it must not exist.
        emit: told every event of the run.
        stop: asked between batches whether and how to stop.
        dataset: the scanned data, if it was scanned already.

    Returns:
        How it ended; the same value was the last event.

    Raises:
        TlguiError: the spec, the data or the folder does not do.
    """
    started = time.monotonic()
    spec.check()
    check_new_run(folder)
    emit(StageChanged(Stage.READING))
    try:
        prepared = prepare_data(spec, emit, stop, dataset)
    except Stopped:
        return _ended(folder, Outcome.STOPPED, emit, started)
    run = create_run(folder, spec, prepared.class_names)
    task, size = find_task(spec.task), find_backbone(spec.backbone).input_size
    with SampleReader(prepared, task, size) as reader:
        training = _Training(run, prepared, reader, emit, stop, started)
        with contextlib.closing(training.feeding), one_blas_thread():
            return training.run_all()


def _ended(folder: Path, outcome: Outcome, emit: Emit, started: float) -> RunEnded:
    seconds = time.monotonic() - started
    ended = RunEnded(str(folder), outcome, False, 0, 0.0, 0.0, seconds)
    emit(ended)
    return ended


@dataclass
class _Training:
    """One run under way."""

    run: Run
    dataset: Dataset
    reader: SampleReader
    emit: Emit
    stop: StopRequest
    started: float
    records: list[EpochRecord] = field(default_factory=list)
    best: tuple[Weights, EpochRecord, Evaluation] | None = None
    feed: Feed | None = None
    _told: float = 0.0

    def __post_init__(self) -> None:
        self.spec = self.run.spec
        self.train_samples = self.dataset.samples[TRAIN]
        self.validation_samples = self.dataset.samples[VALIDATION]
        self.steps = math.ceil(len(self.train_samples) / self.spec.batch_size)
        self.feeding = Feeding(self.spec, self.reader, self.steps)
        weights = np.ones(len(self.dataset.class_names), np.float32)
        if self.spec.class_weights:
            weights = np.array(class_weights(self.dataset), np.float32)
        self.weights: Floats = weights
        self.parameters = _count_parameters(self.spec, len(self.dataset.class_names))

    def run_all(self) -> RunEnded:
        """Runs every phase, then keeps the best model."""
        self._announce()
        for phase in plan_phases(self.spec):
            if not self._run_phase(phase):
                break
        stopped = self.stop()
        if stopped is Stop.DROP:
            self.run.checkpoint_file.unlink(missing_ok=True)
            return _ended(self.run.folder, Outcome.STOPPED, self.emit, self.started)
        return self._keep(Outcome.STOPPED if stopped else Outcome.COMPLETED)

    def _announce(self) -> None:
        trainable, total = self.parameters
        self.emit(
            RunStarted(
                str(self.run.folder),
                self.dataset.class_names,
                len(self.train_samples),
                len(self.validation_samples),
                self.spec.epochs,
                self.steps,
                trainable,
                total,
                len(self.dataset.problems),
            )
        )

    def _run_phase(self, phase: Phase) -> bool:
        """Runs some epochs; False when the run is to end after them."""
        self.emit(StageChanged(Stage.LOADING))
        learned = None if self.feed is None else self.feed.learner.weights()
        self.feed = self.feeding.prepare(phase, learned)
        self.emit(self.feed.chosen)
        self.emit(StageChanged(Stage.TRACING))
        for epoch in range(phase.first_epoch, phase.first_epoch + phase.epochs):
            if not self._run_epoch(epoch, self.feed):
                return False
        return True

    def _run_epoch(self, epoch: int, feed: Feed) -> bool:
        began = time.monotonic()
        loss, accuracy, seen = self._train_epoch(epoch, feed)
        if self.stop() is not None:
            return False
        check_readable(self.reader, seen)
        try:
            evaluation, val_loss = self._validate(feed)
        except Stopped:
            return False
        record = EpochRecord(
            epoch,
            loss,
            accuracy,
            val_loss,
            evaluation.accuracy,
            feed.learner.learning_rate,
            time.monotonic() - began,
        )
        self._remember(record, evaluation, feed.learner)
        return not self._is_patience_over()

    def _train_epoch(self, epoch: int, feed: Feed) -> tuple[float, float, int]:
        """Sees every training sample once: mean loss, accuracy, samples seen."""
        classes = len(self.dataset.class_names)
        loss_sum, right_sum, seen, learning = 0.0, 0, 0, 0.0
        batches = feed.source.batches(
            self.train_samples,
            self.spec.batch_size,
            order=training_order(self.spec.seed, epoch, len(self.train_samples)),
            epoch=epoch,
        )
        for number, batch in enumerate(batches, start=1):
            count = len(batch.labels)
            began = time.monotonic()
            loss, right = feed.learner.train(
                batch.inputs, batch.one_hot(classes), self.weights[batch.labels]
            )
            learning += time.monotonic() - began
            if not math.isfinite(loss):
                raise TlguiError(_diverged(self.spec))
            if number == 1:
                self.emit(StageChanged(Stage.TRAINING))
            loss_sum, right_sum, seen = (
                loss_sum + loss * count,
                right_sum + right,
                seen + count,
            )
            self._tell_batch(epoch, number, loss, right / count, learning)
            if self.stop() is not None:
                break
        return loss_sum / max(seen, 1), right_sum / max(seen, 1), seen

    def _tell_batch(
        self, epoch: int, step: int, loss: float, accuracy: float, learning: float
    ) -> None:
        now = time.monotonic()
        if now - self._told >= _BATCH_INTERVAL or step == self.steps:
            self._told = now
            self.emit(BatchEnded(epoch, step, self.steps, loss, accuracy, learning))

    def _validate(
        self, feed: Feed, *, stoppable: bool = True
    ) -> tuple[Evaluation, float]:
        """Answers for the validation samples, and their loss as trained."""
        self.emit(StageChanged(Stage.VALIDATING))
        samples = self.validation_samples
        places, probabilities = predict_samples(
            feed.learner.predict,
            feed.source,
            samples,
            on_progress=lambda done, total: self.emit(
                ProgressMade(Stage.VALIDATING, done, total)
            ),
            should_stop=lambda: stoppable and self.stop() is not None,
        )
        check_readable(self.reader, len(places))
        truth = np.array([samples[place].label for place in places], dtype=np.int64)
        evaluation = evaluation_of(
            self.dataset.class_names,
            [self.dataset.file(samples[place]) for place in places],
            truth.tolist(),
            probabilities,
        )
        one_hot = np.eye(probabilities.shape[1], dtype=np.float32)[truth]
        return evaluation, feed.learner.loss_of(one_hot, probabilities)

    def _remember(
        self, record: EpochRecord, evaluation: Evaluation, learner: Learner
    ) -> None:
        self.records.append(record)
        if best_epoch(self.records) is record:
            self.best = (learner.weights(), record, evaluation)
            save_checkpoint(self.best[0], self.run.checkpoint_file)
        self.run.write_history(self.records)
        self.emit(EpochEnded(record))

    def _is_patience_over(self) -> bool:
        if self.spec.patience == 0 or self.best is None:
            return False
        return self.records[-1].epoch - self.best[1].epoch >= self.spec.patience

    def _keep(self, outcome: Outcome) -> RunEnded:
        """Puts the best weights together and writes the model and the report."""
        assert self.feed is not None
        if self.best is None:  # stopped before the first epoch was over
            weights = self.feed.learner.weights()
            evaluation, loss = self._validate(self.feed, stoppable=False)
            epoch = 0
        else:
            weights, record, evaluation = self.best
            epoch, loss = record.epoch, record.val_loss
        self.emit(StageChanged(Stage.SAVING))
        keras_model = weights.classifier(self.spec, len(self.dataset.class_names))
        models.set_trainable(keras_model, self.spec.trainable)
        # Plain SGD has no state, which others could not read back.
        keras_model.compile(
            optimizer="sgd",
            loss=models.make_loss(self.spec),
            metrics=["accuracy"],
            jit_compile=False,
        )
        models.save_model(keras_model, self.run.model_file)
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
                len(self.records),
                self.reader.lost,
            )
        )
        self.run.checkpoint_file.unlink(missing_ok=True)
        self.emit(EvaluationMade(evaluation))
        self.emit(ended)
        return ended


def _count_parameters(spec: TrainingSpec, classes: int) -> tuple[int, int]:
    """Keras' own count of (trainable, total) parameters, from the catalogue."""
    backbone = find_backbone(spec.backbone)
    head = head_parameters(backbone.features, classes)
    trainable = sum(
        block.trainable_parameters
        for block in backbone.blocks
        if block.name in spec.trainable
    )
    return trainable + head, backbone.parameters + head


def _diverged(spec: TrainingSpec) -> str:
    return (
        f"The loss became infinite with a learning rate of {spec.learning_rate:g}: "
        "the steps were too large. Try a tenth of it."
    )
