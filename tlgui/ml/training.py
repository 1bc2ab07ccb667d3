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
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import find_task
from tlgui.ml.head_solver import one_blas_thread
from tlgui.ml.pipeline import SampleReader
from tlgui.ml.pixel_memory import PixelMemory
from tlgui.ml.preparing import prepare_data
from tlgui.ml.run_identity import compare
from tlgui.ml.run_loop import RunLoop, end_without_model
from tlgui.ml.run_state import RunState, state_from


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
    memory = PixelMemory()
    try:
        prepared = prepare_data(spec, emit, stop, dataset, memory)
    except Stopped:
        return end_without_model(folder, emit, started)
    run = create_run(folder, spec, prepared.class_names)
    return _run(run, prepared, memory, emit, stop, started, (RunState(), []))


def resume(
    folder: Path,
    emit: Emit,
    stop: StopRequest = never_stop,
    dataset: Dataset | None = None,
    data: Path | None = None,
) -> RunEnded:
    """Goes on with a run that was interrupted, as if it had not been.

    Args:
        folder: the run folder.
        emit: told every event of the run, the finished epochs first.
        stop: asked between batches whether and how to stop.
        dataset: the scanned data, if it was scanned already.
        data: where the data are now, if they were moved.

    Returns:
        How it ended; the same value was the last event.

    Raises:
        TlguiError: the folder is no run, the run is finished, or its data changed.
    """
    started = time.monotonic()
    run = open_run(folder)
    if run.model_file.exists():
        raise TlguiError(
            f"The run {folder} is finished: there is nothing to go on with. To train "
            "more epochs, start a new run."
        )
    run.spec.check()
    emit(StageChanged(Stage.READING))
    memory = PixelMemory()
    try:
        spec = dataclasses.replace(run.spec, data=str(data or run.spec.data))
        prepared = prepare_data(spec, emit, stop, dataset, memory)
    except Stopped:
        return end_without_model(folder, emit, started)
    state = _last_state(run, prepared)
    for name in (HISTORY, REPORT, MODEL):
        storage.drop_drafts(folder / name)
    return _run(run, prepared, memory, emit, stop, started, state)


def _last_state(run: Run, dataset: Dataset) -> tuple[RunState, list[str]]:
    """Where a run was interrupted, and what a person must know of it.

    The state is its beginning if nothing was kept yet.
    """
    checkpoints = Checkpoints(run.folder)
    last, sentences = checkpoints.read_last()
    if last is None:
        checkpoints.tidy()
        return RunState(), sentences
    try:
        if sentence := compare(last.about["run"], dataset):
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
