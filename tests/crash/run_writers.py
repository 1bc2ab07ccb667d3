"""The writers of a training: the real course of a run, on features made up.

Only what looks at photos is put aside; `train` and `resume`, checkpoints, history,
report and model are the real ones. What is left by whatever happened to a run must
go on and end as a run does that nothing happened to.
"""

import contextlib
import functools
import importlib.metadata
import io
import json
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from tests.crash.results import Result, result_of
from tests.crash.writer import Mark, Writer
from tlgui.core.checkpoint import Checkpoint, Checkpoints
from tlgui.core.dataset import TRAIN, VALIDATION, Dataset, Sample
from tlgui.core.events import Emit, Event, Noticed, SourceChosen, Stage, StageChanged
from tlgui.core.history import read_history
from tlgui.core.phases import Phase
from tlgui.core.run import HISTORY, SPEC, Run, open_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Labels
from tlgui.ml import model_template, models, run_writer
from tlgui.ml.feeding import Feed, Feeding
from tlgui.ml.learners import HeadLearner, Weights
from tlgui.ml.pipeline import Batch, make_batch
from tlgui.ml.training import resume, train

_FEATURES = 3
_SAMPLES = {TRAIN: 10, VALIDATION: 12}
_SPEC = TrainingSpec("/photos", epochs=3, batch_size=5, learning_rate=0.2)
DATASET = Dataset(
    Path("/photos"),
    "image-classification",
    ("a", "b"),
    {
        split: tuple(Sample(f"{split}/{n}.jpg", n % 2) for n in range(count))
        for split, count in _SAMPLES.items()
    },
)
_DONE = 1_000_000


class Killed(BaseException):
    """Ends a run as abruptly as a process can end without dying."""


class MadeUpFeatures:
    """Gives every sample features that go by its name."""

    def batches(
        self,
        samples: Sequence[Sample],
        batch_size: int,
        *,
        order: Labels | None = None,
        epoch: int = 0,
    ) -> Iterator[Batch]:
        """See `Source`."""
        places = np.arange(len(samples)) if order is None else order
        for first in range(0, len(places), batch_size):
            chunk = [int(place) for place in places[first : first + batch_size]]
            rows = [_features(samples[place]) for place in chunk]
            yield make_batch(samples, chunk, np.stack(rows))


@functools.cache
def _features(sample: Sample) -> Any:
    random = np.random.default_rng(zlib.crc32(sample.path.encode()))
    return random.normal(sample.label, 0.7, _FEATURES).astype(np.float32)


def _feed(
    self: Feeding, phase: Phase, weights: Weights | None, streams: bool | None = None
) -> Feed:
    """Stands in for `Feeding.prepare`."""
    steps = _SAMPLES[TRAIN] // _SPEC.batch_size
    learner = HeadLearner(_SPEC, phase, steps, _FEATURES, 2)
    return Feed(learner, MadeUpFeatures(), SourceChosen(True, 1, "LiteRT"))


@functools.cache
def _template() -> bytes:
    """What `find_template` gives, with a backbone of no layers."""
    import h5py

    weights, file = io.BytesIO(), io.BytesIO()
    with h5py.File(weights, "w") as layers:
        variables = layers.create_group("layers/dense/vars")
        variables.attrs["name"] = models.HEAD_OUTPUT
        for name in ("0", "1"):
            variables.create_dataset(name, data=np.zeros(1))
    head = {"name": models.HEAD_OUTPUT, "config": {}}
    config = {"config": {"layers": [head]}, "compile_config": {}}
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights.getvalue())
    return file.getvalue()


def _wait_for_checkpoint() -> None:
    """Lets the thread of the checkpoints finish, so that calls come in one order."""
    for thread in threading.enumerate():
        if thread.name == "checkpoint":
            thread.join()


class _Marking(Checkpoints):
    """Tells how far every checkpoint is that was written."""

    mark: Mark = staticmethod(lambda done: None)

    def write(self, checkpoint: Checkpoint, best: int = 0) -> None:
        """See `Checkpoints.write`."""
        super().write(checkpoint, best)
        _Marking.mark(_how_far(checkpoint))


def get_ready() -> None:
    """Puts features in place that need no photos, and does what every fork would do.

    From now on every epoch leaves a checkpoint, and no time goes by, so that runs that
    get equally far leave the same.
    """
    mock.patch.object(time, "monotonic", return_value=0.0).start()
    Feeding.prepare = _feed  # type: ignore[method-assign]
    mock.patch.object(run_writer, "Checkpoints", _Marking).start()
    mock.patch.object(run_writer, "_INTERVAL", 0.0).start()
    template = _template()
    mock.patch.object(model_template, "find_template", return_value=template).start()
    importlib.metadata.version = functools.cache(importlib.metadata.version)
    _expected()


def _how_far(checkpoint: Checkpoint) -> int:
    """How many steps a checkpoint knows of."""
    progress = checkpoint.about["progress"]
    return 100 * int(progress["epoch"]) + int(progress["step"])


def _train(folder: Path, mark: Mark) -> str:
    return _told(mark, lambda emit: train(_SPEC, folder / "run", emit, dataset=DATASET))


def _resume(folder: Path, mark: Mark) -> str:
    return _told(mark, lambda emit: resume(folder / "run", emit, dataset=DATASET))


def _told(mark: Mark, work: Callable[[Emit], object]) -> str:
    """What a person was told meanwhile."""
    told: list[str] = []

    def emit(event: Event) -> None:
        _wait_for_checkpoint()
        if isinstance(event, Noticed):
            told.append(event.sentence)

    _Marking.mark = staticmethod(mark)
    work(emit)
    return " ".join(told)


def _leave_in_the_middle(folder: Path) -> None:
    """A run that was killed while its second epoch was validated."""

    def emit(event: Event) -> None:
        _wait_for_checkpoint()
        if event == StageChanged(Stage.VALIDATING) and Checkpoints(run).read_last()[0]:
            raise Killed

    run = folder / "run"
    with contextlib.suppress(Killed):
        train(_SPEC, run, emit, dataset=DATASET)


def _look(folder: Path, mark: int) -> str:
    """What is left of a run, and whether it ends as it would have."""
    place = folder / "run"
    if not (place / SPEC).exists():
        return "!the run is gone" if mark else "no run yet"
    run = open_run(place)
    found = "finished"
    if not run.model_file.exists():
        found = "goes on"
        wrong = _check_kept(run, mark)
        if wrong:
            return wrong
        sentence = _resume(folder, lambda done: None)
        if sentence:
            return f"!the run went on, but: {sentence}"
    if result_of(place) != _expected():
        return f"!{found}, but with another result"
    wrong_files = {path.name for path in place.iterdir()} - _FILES
    if found == "goes on" and wrong_files:
        return f"!there are also {wrong_files}"
    return found


_FILES = {"spec.json", "labels.json", "history.csv", "model.keras", "report.json"}


def _check_kept(run: Run, mark: int) -> str:
    """What is wrong with the checkpoints of a run that was not finished, or ""."""
    last, damaged = Checkpoints(run.folder).read_last()
    if damaged:
        return f"!{damaged}"
    if mark == _DONE:
        return "!the finished model is gone"
    if mark and (last is None or _how_far(last) < mark):
        return "!a checkpoint is gone"
    if last is None:
        return ""
    records = last.about["records"]
    if len(read_history(run.folder / HISTORY)) < len(records):
        return "!the history is behind the checkpoint"
    if records:
        best = max(records, key=lambda r: (r["val_accuracy"], -r["val_loss"]))
        if Checkpoints(run.folder).read_best(best["epoch"]) is None:
            return "!the best epoch is gone"
    return ""


@functools.cache
def _expected() -> Result:
    """The result of a run that nothing happened to."""
    with tempfile.TemporaryDirectory() as work:
        _train(Path(work), lambda done: None)
        return result_of(Path(work) / "run")


RUN_WRITERS: dict[str, Writer] = {
    "training": Writer(lambda folder: None, _train, _look, _DONE),
    "resuming": Writer(_leave_in_the_middle, _resume, _look, _DONE),
}
