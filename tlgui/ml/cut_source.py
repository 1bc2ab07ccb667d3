"""Gives a phase the activations of its cut: kept or streamed."""

import contextlib
import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tlgui.core.augmentation import VIEWS
from tlgui.core.dataset import TRAIN, VALIDATION, Sample
from tlgui.core.events import SourceChosen
from tlgui.core.phases import Phase
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Floats, Pixels
from tlgui.ml import source_choice
from tlgui.ml.cache_key import CacheKey, record_digest
from tlgui.ml.cache_room import cache_key, open_cache
from tlgui.ml.contents import Contents
from tlgui.ml.cuts import POOLED, Cut
from tlgui.ml.earlier_cut import Missing, find_earlier
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.features import FeatureSource
from tlgui.ml.forecast import TIMED_SAMPLES, forecast, measure_costs
from tlgui.ml.frozen_layers import FrozenLayers, FrozenStream, SplitSource
from tlgui.ml.notices import Notices
from tlgui.ml.pipeline import SampleReader, Source, StreamSource
from tlgui.ml.precision import Follower, half_difference
from tlgui.ml.prefix import make_prefix
from tlgui.ml.record_table import ORIGINAL, view_names, views_at
from tlgui.ml.view_grower import GrowingSource
from tlgui.paths import prepared_dirs

_log = logging.getLogger(__name__)

# A converted prefix is compared with Keras on so many samples.
_CHECKED_SAMPLES = 4
# How much is kept already is estimated on so many samples.
ASKED = 256
# Half precision is tried on so many samples.
_TRIED_SAMPLES = 64


@dataclass(frozen=True)
class Shared:
    """What the phases of a run share.

    Attributes:
        spec: decides the run.
        reader: decodes.
        contents: of the reader's files.
        notices: told of trouble.
        root: the folder of all caches.
        at_once: the most samples that go through a model at once; 0 for whole batches.
    """

    spec: TrainingSpec
    reader: SampleReader
    contents: Contents
    notices: Notices
    root: Path
    at_once: int = 0


class CutSource:
    """The source of one phase, and what it holds open.

    Attributes:
        source: of training and of validation batches.
        chosen: what is told about it.
    """

    def __init__(
        self,
        shared: Shared,
        cut: Cut,
        phase: Phase,
        follower: Follower,
        streams: bool | None = None,
    ) -> None:
        """Chooses and opens.

        Args:
            shared: by the phases of the run.
            cut: where the backbone is divided.
            phase: whose epochs count.
            follower: what follows the cut, to try half precision on.
            streams: whether streaming is the cheaper; None to forecast it.
        """
        self._shared = shared
        self._cut = cut
        self._phase = phase
        self._follower = follower
        samples = shared.reader.dataset.samples
        self._training, self._validation = samples[TRAIN], samples[VALIDATION]
        self._views = VIEWS[shared.spec.augmentation]
        self._open = contextlib.ExitStack()
        self._streams = streams
        self._asked: list[bytes | None] | None = None
        self._caches: dict[CacheKey, FeatureCache] = {}
        self._frozen = FrozenLayers(
            lambda: make_prefix(cut, prepared_dirs(), self._checked_samples),
            shared.at_once,
        )
        self.source, self.chosen = self._choose()

    def close(self) -> None:
        """Ends what runs and closes the caches."""
        self._open.close()

    def _choose(self) -> tuple[Source, SourceChosen]:
        records = (
            len(self._training) * min(self._views, self._phase.epochs),
            len(self._validation),
        )
        choice = source_choice.choose(
            self._shared.root,
            cache_key(self._cut),
            records,
            self._half_difference,
            lambda key: self._is_streaming_cheaper(key, sum(records)),
        )
        spec = self._shared.spec
        if choice.training is not None:
            source = self._growing(self._kept(choice.training, sum(records)))
            return source, SourceChosen(True, self._views, self._frozen.runtime)
        pixels = StreamSource(self._shared.reader, spec.augmentation, spec.seed)
        stream: Source = FrozenStream(pixels, self._frozen)
        if choice.validation is not None:
            stream = SplitSource(stream, self._kept(choice.validation, records[1]))
        self._frozen.load()
        return stream, SourceChosen(False, 0, self._frozen.runtime, choice.reason)

    def _growing(self, source: FeatureSource) -> Source:
        """Views that are missing are grown in the background."""
        if self._views == 1 or self._phase.epochs == 1 or not self._is_missing:
            return source
        growing = GrowingSource(
            source, self._training, self._shared.spec.seed, self._phase
        )
        self._open.callback(growing.close)
        return growing

    def _kept(self, key: CacheKey, records: int) -> FeatureSource:
        cache = self._cache(key, records)
        shared = self._shared
        asked = self._asked_names()
        missing = [name for name in asked if name is None or name not in cache]
        earlier = None
        self._is_missing = bool(missing)
        if missing:
            named = [name for name in missing if name is not None]
            count = records * len(named) / len(asked)
            earlier = find_earlier(
                shared.root, prepared_dirs(), self._cut, Missing(named, count)
            )
            if earlier is not None:
                self._open.callback(earlier.close)
            if earlier is None or len(named) < len(missing):
                self._frozen.load()
        return FeatureSource(
            shared.reader,
            self._frozen,
            cache,
            shared.contents,
            shared.spec.augmentation,
            shared.spec.seed,
            shared.notices,
            earlier,
        )

    def _cache(self, key: CacheKey, records: int) -> FeatureCache:
        if key not in self._caches:
            self._caches[key] = self._open.enter_context(
                open_cache(self._shared.root, key, records, self._shared.notices)
            )
        return self._caches[key]

    def _kept_share(self, cache: FeatureCache) -> float:
        """Of the records that the phase needs, how many are there: an estimate."""
        if not len(cache):
            return 0.0
        asked = self._asked_names()
        there = sum(name is not None and name in cache for name in asked)
        return there / max(len(asked), 1)

    def _asked_names(self) -> list[bytes | None]:
        """Some of the records that the phase needs; None of files not read yet."""
        if self._asked is None:
            spec, phase = self._shared.spec, self._phase
            names = view_names(spec.augmentation, spec.seed)
            last = phase.first_epoch + min(phase.epochs, self._views)
            self._asked = []
            for place in _spread(self._training, ASKED):
                views = {
                    int(views_at(place, epoch, self._views))
                    for epoch in range(phase.first_epoch, last)
                }
                self._ask(self._training[place], [names[view] for view in views])
            for place in _spread(self._validation, ASKED):
                self._ask(self._validation[place], names[:1])
        return self._asked

    def _ask(self, sample: Sample, views: Sequence[str]) -> None:
        assert self._asked is not None
        content = self._shared.contents.remembered(sample)
        self._asked += [
            None if content is None else record_digest(content, view) for view in views
        ]

    def _is_streaming_cheaper(self, key: CacheKey, records: int) -> bool:
        if self._streams is not None:
            return self._streams
        if self._cut.block == POOLED:  # so small that keeping them costs nothing
            return False
        cache = self._cache(key, records)
        share = self._kept_share(cache)
        named = self._named_pixels() if share < 1.0 else {}
        if not named:
            return False
        spec, task = self._shared.spec, self._shared.reader.task
        generator = np.random.default_rng(spec.seed)
        costs = measure_costs(
            np.stack([*named.values()]),
            lambda one: task.augment(one, spec.augmentation, generator),
            self._frozen,
            cache,
            [*named],
        )
        told = forecast(costs, self._phase.epochs, self._views, share)
        _log.info(
            "Forecast for %s: %s; keeping %.1f ms a sample, streaming %.1f ms",
            self._cut.name,
            costs,
            1000 * told.keeping,
            1000 * told.streaming,
        )
        return told.is_streaming_cheaper

    def _named_pixels(self) -> dict[bytes, Pixels]:
        """Some decoded samples by the names of their records."""
        contents, named = self._shared.contents, dict[bytes, Pixels]()
        for place in _spread(self._training, TIMED_SAMPLES):
            sample = self._training[place]
            content = contents.of(sample)
            if content is not None:
                pixels, is_sound = contents.read(sample)
                if pixels is not None and is_sound:
                    named[record_digest(content, ORIGINAL)] = pixels
        return named

    def _half_difference(self) -> float:
        stream = StreamSource(self._shared.reader)
        tried = [self._training[p] for p in _spread(self._training, _TRIED_SAMPLES)]
        batches = list(stream.batches(tried, _TRIED_SAMPLES))
        if not batches:
            return float("inf")
        classes = len(self._shared.reader.dataset.class_names)
        activations: Floats = self._frozen.run(batches[0].inputs)
        return half_difference(
            activations, batches[0].one_hot(classes), self._follower()
        )

    def _checked_samples(self) -> Pixels:
        """A few decoded samples on which a converted prefix is checked."""
        reader = self._shared.reader
        read = (reader.read(sample) for sample in self._training)
        found: list[Any] = [
            *itertools.islice((p for p in read if p is not None), _CHECKED_SAMPLES)
        ]
        size = reader.size
        return np.stack(found) if found else np.zeros((1, size, size, 3), np.uint8)


def _spread(samples: Sequence[Sample], count: int) -> list[int]:
    """Some places, evenly spread over all."""
    places = np.linspace(0, len(samples) - 1, min(count, len(samples)))
    return [int(place) for place in places]
