"""Mixes the samples of a batch in pairs, so that a model learns what lies between."""

from typing import Any, NamedTuple

import numpy as np

from tlgui.core.types import Floats

# Samples, rows, columns, channels.
_PICTURE_AXES = 4


class Alphas(NamedTuple):
    """How strongly samples are mixed: of the beta distribution of the shares.

    Attributes:
        mixup: 0 for none.
        cutmix: 0 for none; with both, each batch gets one of the two.
    """

    mixup: float = 0.0
    cutmix: float = 0.0


def mixed(
    inputs: Any, labels: Floats, weights: Floats, alphas: Alphas, seed: tuple[int, ...]
) -> tuple[Any, Floats, Floats]:
    """Mixup (https://arxiv.org/abs/1710.09412) or CutMix (arXiv 1905.04899).

    One share and one place for a whole batch. Where activations are kept, those are
    mixed (https://arxiv.org/abs/1806.05236) or cut. Pooled features have no places:
    there CutMix blends by the share of the area, which is what pooling would make of
    a cut picture but for what layers see across the border.

    Args:
        inputs: decoded samples (`uint8`) or activations (`float32`), shape `(n, …)`.
        labels: one-hot, shape `(n, classes)`.
        weights: how much each sample counts, shape `(n,)`.
        alphas: how strongly.
        seed: decides share, place and pairs.

    Returns:
        The same, mixed; labels are shares then.
    """
    if not any(alphas):
        return inputs, labels, weights
    generator = np.random.default_rng(seed)
    cuts = bool(alphas.cutmix)
    if all(alphas):
        cuts = bool(generator.integers(2))
    alpha = alphas.cutmix if cuts else alphas.mixup
    share = generator.beta(alpha, alpha)
    share = max(share, 1.0 - share)  # the first of a pair is the larger part
    partner = generator.permutation(len(labels))
    if cuts and inputs.ndim == _PICTURE_AXES:
        combined, share = _pasted(inputs, inputs[partner], share, generator)
    else:
        combined = _blended(inputs, inputs[partner], np.float32(share))
    most, rest = np.float32(share), np.float32(1.0 - share)
    return (
        combined,
        most * labels + rest * labels[partner],
        most * weights + rest * weights[partner],
    )


def _blended(inputs: Any, others: Any, share: Any) -> Any:
    blended = share * inputs + (np.float32(1.0) - share) * others
    return np.rint(blended).astype(np.uint8) if inputs.dtype == np.uint8 else blended


def _pasted(
    inputs: Any, others: Any, share: float, generator: np.random.Generator
) -> tuple[Any, float]:
    """Pictures with a rectangle of others, and the share that is still theirs."""
    rows, columns = inputs.shape[1:3]
    side = np.sqrt(1.0 - share)
    (top, bottom), (left, right) = (
        _stretch(side, length, generator) for length in (rows, columns)
    )
    pasted = inputs.copy()
    pasted[:, top:bottom, left:right] = others[:, top:bottom, left:right]
    return pasted, 1.0 - (bottom - top) * (right - left) / (rows * columns)


def _stretch(
    share: float, length: int, generator: np.random.Generator
) -> tuple[int, int]:
    """Begin and end of a part of a side, around any of its places."""
    size = round(share * length)
    begin = int(generator.integers(length)) - size // 2
    return max(begin, 0), min(max(begin + size, 0), length)
