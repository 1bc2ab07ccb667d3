"""Mixes the samples of a batch in pairs, so that a model learns what lies between."""

from typing import Any

import numpy as np

from tlgui.core.types import Floats


def mixed(
    inputs: Any, labels: Floats, weights: Floats, alpha: float, seed: tuple[int, ...]
) -> tuple[Any, Floats, Floats]:
    """Mixup (https://arxiv.org/abs/1710.09412): one share for a whole batch.

    Where activations are kept, those are mixed (https://arxiv.org/abs/1806.05236).

    Args:
        inputs: decoded samples (`uint8`) or activations (`float32`), shape `(n, …)`.
        labels: one-hot, shape `(n, classes)`.
        weights: how much each sample counts, shape `(n,)`.
        alpha: of the beta distribution that the share comes from; 0 for none.
        seed: decides share and pairs.

    Returns:
        The same, mixed; labels are shares then.
    """
    if not alpha:
        return inputs, labels, weights
    generator = np.random.default_rng(seed)
    share = np.float32(generator.beta(alpha, alpha))
    share = max(
        share, np.float32(1.0) - share
    )  # the first of a pair is the larger part
    partner = generator.permutation(len(labels))
    blended = share * inputs + (np.float32(1.0) - share) * inputs[partner]
    if inputs.dtype == np.uint8:
        blended = np.rint(blended).astype(np.uint8)
    rest = np.float32(1.0) - share
    return (
        blended,
        share * labels + rest * labels[partner],
        share * weights + rest * weights[partner],
    )
