"""Tries a model on labelled samples."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tlgui.core.dataset import SPLITS, Dataset, Progress, Sample, ShouldStop
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.images import UnreadableError
from tlgui.core.report import Evaluation, evaluation_of
from tlgui.core.run import Run
from tlgui.core.scan import scan
from tlgui.core.task import find_task
from tlgui.core.types import Floats, Labels
from tlgui.ml import models
from tlgui.ml.pipeline import SampleReader, Source, StreamSource, check_readable
from tlgui.ml.steps import PredictStep, make_predict_step

BATCH_SIZE = 32


def predict_samples(
    predict: PredictStep,
    source: Source,
    samples: Sequence[Sample],
    *,
    on_progress: Progress = lambda done, total: None,
    should_stop: ShouldStop = lambda: False,
    at_once: int = 0,
) -> tuple[Labels, Floats]:
    """Answers for every sample that can be read.

    Args:
        predict: the model.
        source: gives the samples as the model takes them.
        samples: a split.
        on_progress: told (samples done, samples in all).
        should_stop: asked between batches.
        at_once: the most samples that are seen at once; 0 for the usual number.

    Returns:
        The places in the split that were answered, shape `(n,)`, and the
        probabilities beside them, shape `(n, classes)`.

    Raises:
        Stopped: `should_stop` said so.
    """
    places: list[Labels] = []
    probabilities: list[Floats] = []
    done = 0
    size = min(BATCH_SIZE, at_once or BATCH_SIZE)
    for batch in source.batches(samples, size):
        if should_stop():
            raise Stopped
        places.append(batch.places)
        probabilities.append(predict(batch.inputs))
        done += len(batch.places)
        on_progress(done, len(samples))
    if not places:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32)
    return np.concatenate(places), np.concatenate(probabilities)


def evaluate(
    run: Run,
    data: Path,
    *,
    on_progress: Progress = lambda done, total: None,
    should_stop: ShouldStop = lambda: False,
) -> tuple[Evaluation, Dataset]:
    """Tries the finished model of a run on a folder of labelled samples.

    Args:
        run: a finished run.
        data: a folder laid out like a training folder; with `test/` or `val/` in
            it, only those samples are used, `test/` first.
        on_progress: told (samples done, samples in all).
        should_stop: asked between batches.

    Returns:
        The evaluation and the scanned folder.

    Raises:
        TlguiError: the folder is no data set, has a class that the run does not
            know, or holds nothing to use.
        Stopped: `should_stop` said so.
    """
    task = find_task(run.spec.task)
    dataset = scan(data, task, should_stop=should_stop)
    label_of = _labels(run, dataset)
    samples = next(
        (s for split in reversed(SPLITS) if (s := dataset.samples.get(split))), ()
    )
    if not samples:
        raise TlguiError(
            f"Expected {task.plural} with known classes in {data}, but found none that "
            "can be used. Choose another folder."
        )
    keras_model = models.load_finished(run)
    size = keras_model.input_shape[1]
    with SampleReader(dataset, task, size) as reader:
        places, probabilities = predict_samples(
            make_predict_step(keras_model),
            StreamSource(reader),
            samples,
            on_progress=on_progress,
            should_stop=should_stop,
        )
        check_readable(reader, len(places))
    answered = [samples[place] for place in places]
    files = [dataset.file(sample) for sample in answered]
    truth = [label_of[sample.label] for sample in answered]
    return evaluation_of(run.class_names, files, truth, probabilities), dataset


def predict_files(
    run: Run,
) -> Callable[[Path | bytes], tuple[tuple[str, ...], tuple[float, ...]]]:
    """Loads a run's model once, to answer for single files.

    Returns:
        A function of a file or its bytes, to class names and probabilities, most
        probable first. It raises `UnreadableError` where there is no picture.
    """
    task = find_task(run.spec.task)
    keras_model = models.load_finished(run)
    size = keras_model.input_shape[1]
    predict = make_predict_step(keras_model)

    def answer(source: Path | bytes) -> tuple[tuple[str, ...], tuple[float, ...]]:
        if isinstance(source, Path) and (reason := task.refusal(source)):
            raise UnreadableError(reason)
        probabilities = predict(task.decode(source, size)[np.newaxis])[0]
        ranked = np.argsort(-probabilities, kind="stable")
        names = tuple(run.class_names[index] for index in ranked)
        return names, tuple(float(probabilities[index]) for index in ranked)

    return answer


def _labels(run: Run, dataset: Dataset) -> dict[int, int]:
    """From the labels of a folder to those of a run."""
    unknown = [name for name in dataset.class_names if name not in run.class_names]
    if unknown:
        raise TlguiError(
            f"Expected only the classes {', '.join(run.class_names)} in "
            f"{dataset.root}, but found “{unknown[0]}”. Rename or remove that folder."
        )
    return {
        label: run.class_names.index(name)
        for label, name in enumerate(dataset.class_names)
    }
