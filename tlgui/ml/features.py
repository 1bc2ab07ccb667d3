"""Samples as the activations of the frozen layers: computed once, then kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tlgui.core.dataset import Sample
from tlgui.core.task import find_task
from tlgui.core.types import Floats, Labels, Pixels
from tlgui.ml.cache_key import CacheKey, record_digest
from tlgui.ml.cache_store import CacheStore
from tlgui.ml.content_digests import ContentDigests
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.pipeline import Batch, SampleReader, make_batch
from tlgui.ml.prefix import Cut, Prefix

# How many views of a sample are kept: the sample itself and variations of it.
VIEWS = {"none": 1, "light": 6, "strong": 10}
ORIGINAL = "original"
CHECKED_SAMPLES = 4


@dataclass(frozen=True)
class _Named:
    """A sample on its way: its record's name, and pixels if it must be computed."""

    place: int
    view: int
    content: bytes
    digest: bytes
    pixels: Pixels | None


class Contents:
    """What was in every sample's file when the run first met it.

    Decoded samples are kept for a whole run, so what names their records must stay
    what they were decoded from: one for all phases of a run.
    """

    def __init__(self, reader: SampleReader, digests: ContentDigests) -> None:
        self._reader = reader
        self._digests = digests
        self._known: dict[str, bytes] = {}

    def of(self, sample: Sample) -> bytes | None:
        """The digest of a file; None, and noted as lost, if it cannot be read."""
        content = self._known.get(sample.path)
        if content is None:
            try:
                content = self._digests.of(self._reader.dataset.file(sample))
            except OSError:
                self._reader.read(sample)  # notes the reason in plain words
                return None
            self._known[sample.path] = content
        return content

    def is_unchanged(self, sample: Sample, content: bytes) -> bool:
        """Whether that is still in the sample's file."""
        try:
            return self._digests.of(self._reader.dataset.file(sample)) == content
        except OSError:
            return False


class FeatureSource:
    """Gives activations; runs the frozen layers only where none are kept.

    Augmentation and a cache go together by keeping a few views of every sample. In
    epoch e the sample at place i shows its view (e - 1 + i) modulo their number, so
    that an epoch mixes all of them and each is computed when it is first needed.
    """

    def __init__(
        self,
        reader: SampleReader,
        prefix: Prefix,
        cache: FeatureCache,
        contents: Contents,
        augmentation: str = "none",
        seed: int = 0,
    ) -> None:
        """Takes what a phase needs; all of it stays the caller's to close.

        Args:
            reader: decodes.
            prefix: the frozen layers.
            cache: of the same cut.
            contents: of the same reader.
            augmentation: one of `VIEWS`.
            seed: decides the variations.
        """
        self._reader = reader
        self._prefix = prefix
        self._cache = cache
        self._contents = contents
        self._augmentation = augmentation
        self._seed = seed

    def batches(
        self,
        samples: Sequence[Sample],
        batch_size: int,
        *,
        order: Labels | None = None,
        epoch: int = 0,
    ) -> Iterator[Batch]:
        """Reads samples in batches; see `Source`."""
        views = VIEWS[self._augmentation]

        def work(place: int) -> _Named | None:
            view = (epoch - 1 + place) % views if epoch else 0
            return self._name(samples[place], place, view)

        places = np.arange(len(samples)) if order is None else order
        for named in self._reader.ahead(work, places, batch_size):
            there = [one for one in named if one is not None]
            if there:
                features, good = self._features(samples, there)
                kept = [there[index].place for index in np.flatnonzero(good)]
                if kept:
                    yield make_batch(samples, kept, features[good])

    def _name(self, sample: Sample, place: int, view: int) -> _Named | None:
        content = self._contents.of(sample)
        if content is None:
            return None
        name = f"{self._augmentation}-{self._seed}-{view}" if view else ORIGINAL
        digest = record_digest(content, name)
        if digest in self._cache:
            return _Named(place, view, content, digest, None)
        pixels = self._view(sample, content, view)
        if pixels is None:
            return None
        return _Named(place, view, content, digest, pixels)

    def _view(self, sample: Sample, content: bytes, view: int) -> Pixels | None:
        pixels = self._reader.read(sample)
        if pixels is None or not view:
            return pixels
        generator = np.random.default_rng(
            [self._seed, view, int.from_bytes(content[:8], "little")]
        )
        return self._reader.task.augment(pixels, self._augmentation, generator)

    def _features(
        self, samples: Sequence[Sample], named: list[_Named]
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Activations of some samples, and which of them could be had."""
        digests = [one.digest for one in named]
        features, found = self._cache.get_many(digests)
        todo = [
            (index, pixels)
            for index in np.flatnonzero(~found)
            if (pixels := self._pixels(samples, named[index])) is not None
        ]
        if todo:
            places = [index for index, _ in todo]
            computed = self._prefix.run(np.stack([pixels for _, pixels in todo]))
            features[places] = computed
            found[places] = True
            self._keep(samples, [named[place] for place in places], computed)
        return features, found

    def _keep(
        self, samples: Sequence[Sample], named: list[_Named], computed: Floats
    ) -> None:
        """Keeps activations, but none of a file that was changed under our hands."""
        same = [
            index
            for index, one in enumerate(named)
            if self._contents.is_unchanged(samples[one.place], one.content)
        ]
        self._cache.put_many([named[index].digest for index in same], computed[same])

    def _pixels(self, samples: Sequence[Sample], one: _Named) -> Pixels | None:
        """Decodes a sample whose record turned out to be damaged."""
        if one.pixels is not None:
            return one.pixels
        return self._view(samples[one.place], one.content, one.view)


def open_cache(root: Path, cut: Cut) -> FeatureCache:
    """Opens the kept activations of a cut, after making room."""
    CacheStore(root).prune()
    return FeatureCache(root, cache_key(cut))


def cache_key(cut: Cut) -> CacheKey:
    """What decides the numbers of a cut's activations."""
    backbone = cut.backbone
    decoder = find_task(backbone.task).decoder_version
    return CacheKey(
        backbone.name, backbone.weights_sha256, cut.block, decoder, cut.shape
    )


def fits(root: Path, cut: Cut, samples: int, augmentation: str) -> bool:
    """Whether the activations of all views of so many samples may be kept."""
    wanted = cache_key(cut).record_bytes * samples * VIEWS[augmentation]
    return wanted <= CacheStore(root).limit()
