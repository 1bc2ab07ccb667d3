"""Which samples train and which validate."""

from dataclasses import replace

import numpy as np

from tlgui.core.dataset import TRAIN, VALIDATION, Dataset, Sample
from tlgui.core.label_split import iterative_stratification
from tlgui.core.spec import TrainingSpec


def split_off_validation(dataset: Dataset, share: float, seed: int) -> Dataset:
    """Sets a share of the training samples of every class aside for validation.

    Stratified: each class gives the same share, at least one sample, and keeps
    at least one. The same seed gives the same split. Where samples may show several
    classes, this is only about so: see `iterative_stratification`.

    Args:
        dataset: without validation samples of its own.
        share: above 0 and below 1.
        seed: decides which samples.

    Returns:
        The data set with validation samples.
    """
    if dataset.is_multilabel:
        return _split_multilabel(dataset, share, seed)
    generator = np.random.default_rng(seed)
    by_class: list[list[Sample]] = [[] for _ in dataset.class_names]
    for sample in dataset.samples[TRAIN]:
        by_class[sample.label].append(sample)
    chosen: set[Sample] = set()
    for samples in by_class:
        count = min(max(1, round(share * len(samples))), len(samples) - 1)
        picked = generator.permutation(len(samples))[:count]
        chosen.update(samples[index] for index in picked)
    train = tuple(s for s in dataset.samples[TRAIN] if s not in chosen)
    validation = tuple(s for s in dataset.samples[TRAIN] if s in chosen)
    return _with_splits(dataset, train, validation)


def _split_multilabel(dataset: Dataset, share: float, seed: int) -> Dataset:
    samples, classes = dataset.samples[TRAIN], len(dataset.class_names)
    chosen = iterative_stratification(samples, classes, share, seed)
    train = tuple(s for place, s in enumerate(samples) if place not in chosen)
    validation = tuple(s for place, s in enumerate(samples) if place in chosen)
    return _with_splits(dataset, train, validation)


def _with_splits(
    dataset: Dataset, train: tuple[Sample, ...], validation: tuple[Sample, ...]
) -> Dataset:
    samples = {**dataset.samples, TRAIN: train, VALIDATION: validation}
    return replace(dataset, samples=samples)


def sample_counts(dataset: Dataset, spec: TrainingSpec) -> tuple[int, int]:
    """How many samples will train and how many will validate, about.

    Args:
        dataset: as scanned.
        spec: says where validation samples come from; those of a folder of their own
            are not counted.
    """
    training = len(dataset.samples.get(TRAIN, ()))
    if dataset.has_validation:
        return training, len(dataset.samples[VALIDATION])
    if isinstance(spec.validation, str):
        return training, 0
    validation = round(spec.validation * training)
    return training - validation, validation


def class_weights(dataset: Dataset) -> tuple[float, ...]:
    """Weights that let every class count the same: n / (classes * n_class).

    Returns:
        One weight a class, in index order; their mean over the training samples
        is 1 (over everything that they show, where they may show several classes).
    """
    counts = np.maximum(dataset.counts(TRAIN), 1)
    weights = counts.sum() / (len(counts) * counts)
    return tuple(float(weight) for weight in weights)
