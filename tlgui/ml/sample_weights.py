"""How much each training sample counts."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tlgui.core.dataset import TRAIN, Dataset
from tlgui.core.spec import TrainingSpec
from tlgui.core.split import class_weights
from tlgui.core.types import Floats

# From labels, as in `Batch.labels`, to weights, shape `(n,)`.
Weigh = Callable[[Any], Floats]


def weights_of_classes(dataset: Dataset, spec: TrainingSpec) -> Weigh:
    """Where each sample shows exactly one class, its class decides."""
    weights = np.ones(len(dataset.class_names), np.float32)
    if spec.class_weights:
        weights = np.array(class_weights(dataset), np.float32)
    return lambda labels: weights[labels]


def weights_of_labels(dataset: Dataset, spec: TrainingSpec) -> Weigh:
    """Where a sample may show several classes, it counts as the mean of those.

    As if samples with rare classes were there more often, which is how sets of this
    kind are balanced (F. Charte et al. 2015, Addressing imbalance in multilabel
    classification, Neurocomputing 163, 3-16). One that shows nothing counts 1; their
    mean over the training samples is 1.
    """
    if not spec.class_weights:
        return lambda labels: np.ones(len(labels), np.float32)
    by_class = class_weights(dataset)
    own = [
        sum(by_class[label] for label in sample.labels) / len(sample.labels)
        if sample.labels
        else 1.0
        for sample in dataset.samples[TRAIN]
    ]
    scale = 1.0 / float(np.mean(own))

    def weigh(labels: Any) -> Floats:
        counts = labels.sum(axis=1)
        sums = labels @ np.array(by_class)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
        return (means * scale).astype(np.float32)

    return weigh
