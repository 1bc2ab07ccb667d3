"""Tries backbones on some of a person's samples, without training."""

import contextlib
import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tlgui import paths
from tlgui.core.backbone import Backbone
from tlgui.core.dataset import TRAIN, VALIDATION, Dataset, Sample
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.phases import Phase
from tlgui.core.ranking import BackboneScore, Ranking, ranked
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import find_task
from tlgui.core.transferability import knn_accuracy, logme
from tlgui.core.types import Floats, Labels
from tlgui.ml.cuts import POOLED, Cut
from tlgui.ml.feeding import Feed, Feeding
from tlgui.ml.head_solver import one_blas_thread
from tlgui.ml.pipeline import SampleReader
from tlgui.ml.prefix import make_prefix

# Enough to tell backbones apart by some percent, and seconds on two cores.
MOST_SAMPLES = 500
_BATCH = 32
_TIMED, _CHECKED = 16, 4


def rank_backbones(
    dataset: Dataset,
    backbones: Sequence[Backbone],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
    most: int = MOST_SAMPLES,
    is_late: Callable[[], bool] = lambda: False,
) -> Ranking:
    """Looks at some training samples with each backbone.

    What a backbone gives is kept, so that a training with it starts sooner.

    Args:
        dataset: scanned.
        backbones: those to try; their weights must be on this computer.
        on_progress: samples that were looked at, and in all.
        should_stop: asked between batches.
        most: how many samples are looked at, evenly from all classes.
        is_late: asked before each backbone but the first: whether those tried suffice.

    Raises:
        Stopped: `should_stop` said so.
        TlguiError: there is nothing to try, or no sample can be read.
    """
    if not backbones:
        raise TlguiError(
            "Expected pretrained models on this computer, but there are none to "
            "compare. Download one first."
        )
    if dataset.is_multilabel:
        raise TlguiError(
            "Expected photos that each show exactly one class, but in "
            f"{dataset.source} they may show several: models cannot be compared by "
            "them without training. Choose one, train with it, and compare the runs."
        )
    samples = evenly_chosen(dataset.samples[TRAIN], most)
    total = len(samples) * len(backbones)
    scores: list[BackboneScore] = []
    for place, backbone in enumerate(backbones):
        if scores and is_late():
            break
        begun = place * len(samples)

        def tell(done: int, begun: int = begun) -> None:
            on_progress(begun + done, total)
            if should_stop():
                raise Stopped

        scores.append(_score(dataset, samples, backbone, tell))
    return ranked(scores)


def evenly_chosen(samples: Sequence[Sample], most: int) -> list[Sample]:
    """At most so many samples, as many of each class as there are, up to its share.

    Args:
        samples: of a split.
        most: how many.
    """
    by_class: dict[int, list[Sample]] = {}
    for sample in samples:
        by_class.setdefault(sample.label, []).append(sample)
    share = max(2, most // max(len(by_class), 1))
    chosen = []
    for _, mine in sorted(by_class.items()):
        places = np.linspace(0, len(mine) - 1, min(share, len(mine)))
        chosen += [mine[int(place)] for place in places]
    return chosen


def _score(
    dataset: Dataset,
    samples: Sequence[Sample],
    backbone: Backbone,
    tell: Callable[[int], None],
) -> BackboneScore:
    with _feeding(dataset, samples, backbone) as (feed, reader):
        features, labels = _collect(feed, reader, samples, tell)
        milliseconds = _time(reader, backbone, samples)
    return BackboneScore(
        backbone.name,
        knn_accuracy(features, labels),
        logme(features, labels),
        backbone.top1,
        milliseconds,
        len(features),
    )


def features_of(
    dataset: Dataset,
    samples: Sequence[Sample],
    backbone: Backbone,
    tell: Callable[[int], None] = lambda done: None,
) -> tuple[Floats, Labels]:
    """What a head would see of some samples, kept for the training that follows.

    Args:
        dataset: whose samples.
        samples: some of them.
        backbone: looks at them.
        tell: told how many are done; may raise `Stopped`.

    Returns:
        Pooled features, shape `(n, features)`, and labels, shape `(n,)`.

    Raises:
        TlguiError: hardly any of them can be read.
    """
    with _feeding(dataset, samples, backbone) as (feed, reader):
        return _collect(feed, reader, samples, tell)


@contextlib.contextmanager
def _feeding(
    dataset: Dataset, samples: Sequence[Sample], backbone: Backbone
) -> Iterator[tuple[Feed, SampleReader]]:
    """What the head would see of samples, kept as in a training of the head alone."""
    few = dataclasses.replace(dataset, samples={TRAIN: tuple(samples), VALIDATION: ()})
    spec = TrainingSpec(
        str(dataset.root),
        task=dataset.task,
        backbone=backbone.name,
        epochs=1,
        augmentation="none",
    )
    task = find_task(dataset.task)
    with SampleReader(few, task, backbone.input_size) as reader:
        feeding = Feeding(spec, backbone, reader, 1, lambda event: None)
        with contextlib.closing(feeding), one_blas_thread():
            yield feeding.prepare(Phase(1, 1, (), spec.learning_rate), None), reader


def _collect(
    feed: Feed,
    reader: SampleReader,
    samples: Sequence[Sample],
    tell: Callable[[int], None],
) -> tuple[Floats, Labels]:
    features, labels, done = [], [], 0
    for batch in feed.source.batches(samples, _BATCH):
        features.append(np.array(batch.inputs))
        labels.append(batch.labels)
        done += len(batch.labels)
        tell(done)
    if done < 2:
        path, reason = next(iter(reader.lost.items()))
        raise TlguiError(
            f"None of the files can be read; the first is {path}: {reason}. Check "
            "whether the folder was moved."
        )
    return np.concatenate(features), np.concatenate(labels)


def _time(reader: SampleReader, backbone: Backbone, samples: Sequence[Sample]) -> float:
    """Milliseconds that the layers take for a sample, decoding not included."""
    read = (reader.read(sample) for sample in samples)
    pixels = np.stack([*itertools.islice((p for p in read if p is not None), _TIMED)])
    cut = Cut(backbone, POOLED)
    prefix = make_prefix(cut, paths.prepared_dirs(), lambda: pixels[:_CHECKED])
    prefix.run(pixels)  # the first time is slower
    started = time.perf_counter()
    prefix.run(pixels)
    return 1_000 * (time.perf_counter() - started) / len(pixels)
