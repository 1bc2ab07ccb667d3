"""Decides whether a phase keeps the activations of its frozen layers, and how."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tlgui.core.events import Streaming
from tlgui.ml.cache_key import CacheKey
from tlgui.ml.cache_room import fits, in_half
from tlgui.ml.precision import HALF_TOLERANCE

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """What is kept.

    Attributes:
        training: of the training samples; None if they stream.
        validation: of the validation samples; None if they stream.
        reason: why training samples stream.
    """

    training: CacheKey | None
    validation: CacheKey | None
    reason: Streaming = Streaming.NONE


def choose(
    root: Path,
    key: CacheKey,
    records: tuple[int, int],
    half_difference: Callable[[], float],
    is_streaming_cheaper: Callable[[CacheKey], bool],
) -> Choice:
    """Keeps what fits, in float32 if possible, unless streaming is cheaper.

    Args:
        root: the folder of all caches.
        key: of the activations in float32.
        records: how many of training and of validation samples.
        half_difference: what half precision does to the loss; asked only where
            float32 does not fit.
        is_streaming_cheaper: the forecast for a key.
    """
    kept_validation = key if fits(root, key, records[1]) else None
    wanted = sum(records)
    chosen = key if fits(root, key, wanted) else None
    if chosen is None and fits(root, in_half(key), wanted):
        difference = half_difference()
        _log.info("Half precision changes the loss by %.1e (relative)", difference)
        if difference < HALF_TOLERANCE:
            chosen = in_half(key)
    if chosen is None:
        return Choice(None, kept_validation, Streaming.ROOM)
    if is_streaming_cheaper(chosen):
        return Choice(None, kept_validation, Streaming.CHEAPER)
    return Choice(chosen, chosen)
