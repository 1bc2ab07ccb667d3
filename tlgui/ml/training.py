"""Fine-tunes a model: plain functions, without Qt and without processes."""

import contextlib
import dataclasses
import time
from pathlib import Path

from tlgui.core import storage
from tlgui.core.catalogue import find_backbone
from tlgui.core.checkpoint import Checkpoints
from tlgui.core.dataset import Dataset
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.events import (
    Emit,
    RunEnded,
    Stage,
    StageChanged,
    StopRequest,
    never_stop,
)
from tlgui.core.history import best_epoch
from tlgui.core.run import (
    HISTORY,
    MODEL,
    REPORT,
    Run,
    check_new_run,
    create_run,
    open_run,
)
from tlgui.core.run_lock import RunLock
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import find_task
from tlgui.ml.fetching import fetch_weights
from tlgui.ml.head_solver import one_blas_thread
from tlgui.ml.pipeline import SampleReader
from tlgui.ml.pixel_memory import PixelMemory
from tlgui.ml.preparing import fitted, prepare_data
from tlgui.ml.run_identity import compare
from tlgui.ml.run_loop import RunLoop, end_without_model
from tlgui.ml.run_state import RunState, state_from
from tlgui.ml.starting import backbone_with, keep_start, read_start, start_of


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
    memory, start = PixelMemory(), read_start(spec)
    backbone = backbone_with(start, spec, folder)
    try:
        fetch_weights(backbone, emit, stop)
        emit(StageChanged(Stage.READING))
        prepared = prepare_data(spec, emit, stop, dataset, memory, backbone)
    except Stopped:
        return end_without_model(folder, emit, started)
    spec = fitted(spec, prepared)
    run = create_run(
        folder, spec, prepared.class_names, lambda made: keep_start(start, made)
    )
    with RunLock(folder):
        begun: tuple[RunState, list[str]] = RunState(), []
        return _run(run, prepared, memory, emit, stop, started, begun)


def resume(
    folder: Path,
    emit: Emit,
    stop: StopRequest = never_stop,
    dataset: Dataset | None = None,
    data: Path | None = None,
    at_once: int = 0,
) -> RunEnded:
    """Goes on with a run that was interrupted, as if it had not been.

    Args:
        folder: the run folder.
        emit: told every event of the run, the finished epochs first.
        stop: asked between batches whether and how to stop.
        dataset: the scanned data, if it was scanned already.
        data: where the data are now, if they were moved.
        at_once: the most samples that go through the model at once from now on, where
            memory ran out: every step still learns from a whole batch. 0 for as many
            as before.

    Returns:
        How it ended; the same value was the last event.

    Raises:
        TlguiError: the folder is no run, the run is finished or trained by somebody
            else at this moment, or its data changed.
    """
    started = time.monotonic()
    run = open_run(folder)
    with RunLock(folder):
        return _resume(run, emit, stop, started, dataset, data, at_once)


def _resume(
    run: Run,
    emit: Emit,
    stop: StopRequest,
    started: float,
    dataset: Dataset | None,
    data: Path | None,
    at_once: int,
) -> RunEnded:
    if run.model_file.exists():
        raise TlguiError(
            f"The run {run.folder} is finished: there is nothing to go on with. "
            "To train more epochs, start a new run."
        )
    run.spec.check()
    memory = PixelMemory()
    try:
        spec = dataclasses.replace(run.spec, data=str(data or run.spec.data))
        backbone = backbone_with(start_of(run), spec, run.folder)
        fetch_weights(backbone, emit, stop)
        emit(StageChanged(Stage.READING))
        prepared = prepare_data(spec, emit, stop, dataset, memory, backbone)
        _check_kind(run, prepared)
        state, sentences = _last_state(run, prepared, stop)
    except Stopped:
        return end_without_model(run.folder, emit, started)
    for name in (HISTORY, REPORT, MODEL):
        storage.drop_drafts(run.folder / name)
    sentences += _limit(state, run.spec, at_once)
    return _run(run, prepared, memory, emit, stop, started, (state, sentences))


def _check_kind(run: Run, dataset: Dataset) -> None:
    if dataset.task != run.spec.task:
        raise TlguiError(
            f"This run cannot go on: {dataset.source} says something else now of how "
            "many classes are shown at once. Put it back as it was, or train anew."
        )


def _limit(state: RunState, spec: TrainingSpec, at_once: int) -> list[str]:
    """Takes the most samples at once into the state; returns what it means."""
    wanted = at_once or state.at_once
    state.at_once = wanted if 0 < wanted < spec.batch_size else 0
    if not state.at_once:
        return []
    plural = find_task(spec.task).plural
    sentence = (
        f"To save memory, no more than {state.at_once} {plural} go through the model "
        "at once since this run was taken up again. A step still "
        f"learns from a batch of {spec.batch_size}, so the result is the same but for "
        "rounding"
    )
    if spec.trainable:
        sentence += (
            f", except that normalisation layers which learn see {state.at_once} at "
            "once too"
        )
    return [f"{sentence}."]


def _last_state(
    run: Run, dataset: Dataset, stop: StopRequest
) -> tuple[RunState, list[str]]:
    """Where a run was interrupted, and what a person must know of it.

    The state is its beginning if nothing was kept yet.
    """
    checkpoints = Checkpoints(run.folder)
    last, sentences = checkpoints.read_last()
    if last is None:
        checkpoints.tidy()
        return RunState(), sentences
    try:
        if sentence := compare(last.about["run"], dataset, lambda: stop() is not None):
            sentences.append(sentence)
        state = state_from(last, checkpoints.read_best)
    except (KeyError, TypeError, ValueError) as error:
        raise TlguiError(
            f"The checkpoint in {checkpoints.folder} was not made by this version of "
            "the program, so the run cannot go on. Train anew; the finished epochs "
            "stay in the run folder."
        ) from error
    checkpoints.tidy()
    if sentence := _lost_best(state):
        sentences.append(sentence)
    return state, sentences


def _lost_best(state: RunState) -> str:
    """What a person must know if the best epoch's weights are damaged, or ""."""
    best, kept = best_epoch(state.records), state.best
    if best is None or (kept is not None and kept.record.epoch == best.epoch):
        return ""
    instead = "the best of the epochs to come"
    if kept is not None:
        instead = f"epoch {kept.record.epoch}, or a better one of those to come,"
    return (
        f"What the best epoch ({best.epoch}) left is damaged; {instead} will be kept."
    )


def _run(
    run: Run,
    dataset: Dataset,
    memory: PixelMemory,
    emit: Emit,
    stop: StopRequest,
    started: float,
    begun: tuple[RunState, list[str]],
) -> RunEnded:
    state, sentences = begun
    task, size = find_task(run.spec.task), find_backbone(run.spec.backbone).input_size
    with SampleReader(dataset, task, size, memory) as reader:
        loop = RunLoop(run, dataset, reader, emit, stop, started, state)
        with contextlib.closing(loop.feeding), one_blas_thread():
            for sentence in sentences:
                loop.feeding.note(sentence, sentence)
            return loop.run_all()
