"""Tries a model on labelled samples."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tlgui.core.dataset import NOTHING, SPLITS, Dataset, Progress, Sample, ShouldStop
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.images import UnreadableError
from tlgui.core.label_report import label_evaluation_of
from tlgui.core.report import AnyEvaluation, evaluation_of
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
) -> tuple[AnyEvaluation, Dataset]:
    """Tries the finished model of a run on a folder of labelled samples.

    Args:
        run: a finished run.
        data: laid out like training data, a folder or a table; with `test/` or `val/`
            in it, only those samples are used, `test/` first.
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
    _check_kind(run, dataset)
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
    followed = [_followed(sample, label_of) for sample in answered]
    of_run = dataclasses.replace(
        dataset, task=run.spec.task, class_names=run.class_names
    )
    return answers_of(of_run, files, followed, probabilities), dataset


def answers_of(
    dataset: Dataset,
    files: Sequence[Path],
    samples: Sequence[Sample],
    probabilities: Floats,
) -> AnyEvaluation:
    """Puts a model's probabilities and what samples show together.

    Args:
        dataset: decides the class names, and whether samples show several classes.
        files: of the samples.
        samples: as labelled.
        probabilities: shape `(n, classes)`.
    """
    if dataset.is_multilabel:
        shown = [sample.labels for sample in samples]
        return label_evaluation_of(dataset.class_names, files, shown, probabilities)
    truth = [sample.label for sample in samples]
    return evaluation_of(dataset.class_names, files, truth, probabilities)


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


def _check_kind(run: Run, dataset: Dataset) -> None:
    """Makes sure that a run knows what the samples may show.

    Raises:
        TlguiError: they may show several classes, and it knows of one each only.
    """
    task = find_task(run.spec.task)
    if dataset.is_multilabel and not task.multilabel:
        raise TlguiError(
            f"The run {run.folder} was trained on {task.plural} that each show exactly "
            f"one class, but in {dataset.source} some show several or none. Choose "
            f"other {task.plural}, or a run that was trained on such a table."
        )


def _followed(sample: Sample, label_of: Mapping[int, int]) -> Sample:
    """The sample with the labels of a run."""
    first, *also = sorted(label_of[label] for label in sample.labels) or [NOTHING]
    return Sample(sample.path, first, tuple(also))


def _labels(run: Run, dataset: Dataset) -> dict[int, int]:
    """From the labels of a folder to those of a run."""
    unknown = [name for name in dataset.class_names if name not in run.class_names]
    if unknown:
        raise TlguiError(
            f"Expected only the classes {', '.join(run.class_names)} in "
            f"{dataset.source}, but found “{unknown[0]}”. Rename it or take it away."
        )
    return {
        label: run.class_names.index(name)
        for label, name in enumerate(dataset.class_names)
    }
