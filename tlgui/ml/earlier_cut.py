"""Where the cut has moved up: the missing activations from those of an earlier cut."""

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlgui.core.types import Floats
from tlgui.ml.cache_room import cache_key
from tlgui.ml.cuts import POOLED, Cut, Span
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.frozen_layers import FrozenLayers
from tlgui.ml.litert_prefix import BATCH
from tlgui.ml.prefix import is_converted, make_prefix

_log = logging.getLogger(__name__)

# Rough, in seconds: converting takes one or two, comparing with Keras the rest, and
# importing TensorFlow six.
_CONVERTING = 2.5
_IMPORTING = 6.0
# An earlier cut is looked into if it has so many of the missing records.
_MOST = 0.5


@dataclass(frozen=True)
class Missing:
    """What a phase needs and does not have.

    Attributes:
        names: of some of the missing records.
        records: how many are missing in all: an estimate.
    """

    names: Sequence[bytes]
    records: float


class EarlierCut:
    """Computes activations from those of a cut with fewer frozen blocks."""

    def __init__(
        self, span: Span, cache: FeatureCache, folders: Sequence[Path]
    ) -> None:
        """Prepares nothing yet.

        Args:
            span: from the earlier cut to the one that is wanted.
            cache: of the earlier cut; closed with this.
            folders: where converted files are looked for and kept.
        """
        self._span = span
        self._cache = cache
        self._checked: Floats | None = None
        self._layers = FrozenLayers(
            lambda: make_prefix(span, folders, self._checked_inputs)
        )

    def __contains__(self, digest: bytes) -> bool:
        """Whether a record of that name can be had from the earlier cut."""
        return digest in self._cache

    def get_many(
        self, digests: Sequence[bytes]
    ) -> tuple[Floats, np.typing.NDArray[np.bool_]]:
        """Computes records; see `FeatureCache.get_many`."""
        given, found = self._cache.get_many(digests)
        features = np.zeros((len(digests), *self._span.shape), np.float32)
        if found.any():
            if self._checked is None:
                self._checked = given[found][:BATCH]
            features[found] = self._layers.run(given[found])
        return features, found

    def _checked_inputs(self) -> Floats:
        assert self._checked is not None
        return self._checked

    def close(self) -> None:
        """Closes the earlier cut's cache."""
        self._cache.close()


def find_earlier(
    root: Path, folders: Sequence[Path], cut: Cut, missing: Missing
) -> EarlierCut | None:
    """The nearest earlier cut that has most of what is missing, if it pays.

    Args:
        root: the folder of all caches.
        folders: where converted files are looked for and kept.
        cut: the one that is wanted.
        missing: of its records.
    """
    for start in _cuts_before(cut):
        key = cache_key(start)
        if not (root / key.folder).is_dir() or not missing.names:
            continue
        cache = FeatureCache(root, key)
        share = sum(name in cache for name in missing.names) / len(missing.names)
        span = Span(start, cut)
        if share >= _MOST and _pays(span, folders, missing.records * share, share):
            _log.info("%.0f %% of %s come from %s", 100 * share, cut.name, start.name)
            return EarlierCut(span, cache, folders)
        cache.close()
    return None


def _cuts_before(cut: Cut) -> Iterator[Cut]:
    """Cuts with fewer frozen blocks, the nearest first."""
    names = [block.name for block in cut.backbone.blocks]
    # Behind the last block lies only the pooling.
    last = len(names) if cut.block == POOLED else names.index(cut.block)
    for name in reversed(names[:last]):
        yield Cut(cut.backbone, name)


def _pays(span: Span, folders: Sequence[Path], records: float, share: float) -> bool:
    """Whether the blocks in front of the span would take longer than preparing it."""
    preparing = _preparing(span, folders)
    if share == 1.0:  # then the whole prefix is not needed at all
        preparing -= _preparing(span.end, folders)
    if preparing <= 0.0:
        return True
    if not is_converted(span.start, folders):
        return False
    return records * _seconds_a_sample(span.start, folders) > preparing


def _preparing(part: Cut | Span, folders: Sequence[Path]) -> float:
    if is_converted(part, folders):
        return 0.0
    return _CONVERTING + (0.0 if "tensorflow" in sys.modules else _IMPORTING)


def _seconds_a_sample(cut: Cut, folders: Sequence[Path]) -> float:
    blank = np.zeros((BATCH, *cut.input_shape), np.uint8)
    run = make_prefix(cut, folders, lambda: blank).run
    run(blank)  # the first time is slower
    started = time.perf_counter()
    run(blank)
    return (time.perf_counter() - started) / BATCH
