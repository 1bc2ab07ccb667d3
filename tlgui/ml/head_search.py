"""Finds the settings with which a head learns best, by cross-validation."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from tlgui.core.schedules import COSINE
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Floats, Labels
from tlgui.ml.dropout import Dropout
from tlgui.ml.head_solver import HeadSolver
from tlgui.ml.pipeline import training_order

RATES = (0.001, 0.003, 0.01)
DECAYS = (0.0, 0.001, 0.01, 0.1)
_FOLDS = 5
# Settings that are best after so many are best after more.
_MOST_EPOCHS = 20


def search_head(
    features: Floats,
    labels: Labels,
    spec: TrainingSpec,
    tell: Callable[[int, int], None] = lambda done, total: None,
    is_late: Callable[[], bool] = lambda: False,
) -> dict[str, float]:
    """Tries learning rates and decays; every sample is answered by a head without it.

    Args:
        features: pooled, shape `(n, features)`.
        labels: shape `(n,)`.
        spec: decides everything else.
        tell: told how many settings were tried, and of how many; may raise `Stopped`.
        is_late: asked after each: whether those tried suffice.

    Returns:
        `learning_rate` and `head_decay` with the lowest mean loss.
    """
    settings = [*itertools.product(RATES, DECAYS)]
    losses = []
    for place, (rate, decay) in enumerate(settings):
        losses.append(_loss(features, labels, spec, rate, decay))
        tell(place + 1, len(settings))
        if is_late():
            break
    rate, decay = settings[int(np.argmin(losses))]
    return {"learning_rate": rate, "head_decay": decay}


def folds(labels: Labels, seed: int, count: int = _FOLDS) -> Iterator[Labels]:
    """The places of each part; every class is spread over all of them.

    Args:
        labels: shape `(n,)`.
        seed: decides which sample is where.
        count: how many parts.
    """
    generator = np.random.default_rng(seed)
    part = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        mine = generator.permutation(np.flatnonzero(labels == label))
        part[mine] = np.arange(len(mine)) % count
    for number in range(count):
        places = np.flatnonzero(part == number)
        if len(places):
            yield places


def _loss(
    features: Floats, labels: Labels, spec: TrainingSpec, rate: float, decay: float
) -> float:
    classes = int(labels.max()) + 1
    one_hot = np.eye(classes, dtype=np.float32)[labels]
    total = 0.0
    for left_out in folds(labels, spec.seed):
        kept = np.setdiff1d(np.arange(len(labels)), left_out)
        head = _trained(features[kept], one_hot[kept], spec, rate, decay)
        answers = head.predict(features[left_out])
        total += head.loss_of(one_hot[left_out], answers) * len(left_out)
    return total / len(labels)


def _trained(
    features: Floats, one_hot: Floats, spec: TrainingSpec, rate: float, decay: float
) -> HeadSolver:
    steps = -(-len(features) // spec.batch_size)
    epochs = min(spec.epochs, _MOST_EPOCHS)
    head = HeadSolver(
        features.shape[1],
        one_hot.shape[1],
        optimizer=spec.optimizer,
        learning_rate=rate,
        schedule=COSINE,
        steps=epochs * steps,
        loss=spec.loss,
        label_smoothing=spec.label_smoothing,
        focal_gamma=spec.focal_gamma,
        decay=decay,
        dropout=Dropout(spec.dropout, (spec.seed, 0)) if spec.dropout else None,
    )
    for epoch in range(1, epochs + 1):
        order = training_order(spec.seed, epoch, len(features))
        for start in range(0, len(order), spec.batch_size):
            batch = order[start : start + spec.batch_size]
            ones = np.ones(len(batch), np.float32)
            head.step(features[batch], one_hot[batch], ones)
    return head
