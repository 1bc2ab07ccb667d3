"""Samples as the activations of the frozen layers: computed once, then kept."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlgui.core.augmentation import VIEWS
from tlgui.core.dataset import Sample
from tlgui.core.types import Floats, Labels, Pixels
from tlgui.ml.contents import Contents
from tlgui.ml.earlier_cut import EarlierCut
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.notices import Notices
from tlgui.ml.pipeline import Batch, Done, SampleReader, Waiting, ahead, labels_of
from tlgui.ml.prefix import Prefix
from tlgui.ml.record_table import RecordTable, RowMemory, view_names, views_at

# Rows of pooled features are kept in memory up to this size, beside the disk.
ROWS_BUDGET = 200_000_000


@dataclass(frozen=True)
class _Named:
    """A sample on its way: its record's name, and pixels if it must be computed.

    Attributes:
        place: in the split.
        view: of the sample.
        digest: the record's name.
        pixels: of the view.
        is_sound: whether the pixels certainly show what the name says.
    """

    place: int
    view: int
    digest: bytes
    pixels: Pixels | None = None
    is_sound: bool = False


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
        notices: Notices | None = None,
        earlier: EarlierCut | None = None,
    ) -> None:
        """Takes what a phase needs; all of it stays the caller's to close.

        Args:
            reader: decodes.
            prefix: the frozen layers.
            cache: of the same cut.
            contents: of the same reader.
            augmentation: one of `record_table.VIEWS`.
            seed: decides the variations.
            notices: told before every batch.
            earlier: has what is missing at a cut with fewer frozen layers.
        """
        self._reader = reader
        self._prefix = prefix
        self._cache = cache
        self._contents = contents
        self._augmentation = augmentation
        self._seed = seed
        self._notices = notices
        self._earlier = earlier
        self._computing = threading.Lock()
        self._tables: dict[tuple[int, bool], RecordTable] = {}
        self._rows_left = ROWS_BUDGET if len(cache.key.shape) == 1 else 0

    def batches(
        self,
        samples: Sequence[Sample],
        batch_size: int,
        *,
        order: Labels | None = None,
        epoch: int = 0,
    ) -> Iterator[Batch]:
        """Reads samples in batches; see `Source`."""
        table = self._table(samples, is_varied=epoch > 0)
        places = np.arange(len(samples)) if order is None else order

        def start(chunk: Labels) -> Waiting[Floats | list[_Named | None]]:
            views = views_at(chunk, epoch, table.views)
            kept = self._kept(table, chunk, views)
            if kept is not None:
                return Done(kept)
            return self._reader.start(
                lambda place: self._name(
                    table, place, int(views_at(place, epoch, table.views))
                ),
                chunk,
            )

        starts = range(0, len(places), batch_size)
        for first, found in zip(starts, ahead(start, places, batch_size), strict=True):
            chunk = places[first : first + batch_size]
            if isinstance(found, list):
                there = [one for one in found if one is not None]
                chunk, features = self._computed(table, there)
            else:
                features = found
            self._tell()
            if len(chunk):
                yield table.batch(chunk, features)
        self._tell()

    @property
    def views(self) -> int:
        """How many views of a training sample there are."""
        return VIEWS[self._augmentation]

    def grow(self, samples: Sequence[Sample], places: Labels, epoch: int) -> None:
        """Computes and keeps what an epoch will need of some samples.

        For one other thread than the one that reads batches.
        """
        table = self._table(samples, is_varied=True)
        views = views_at(places, epoch, table.views)
        named = [
            one
            for place, view in zip(places.tolist(), views.tolist(), strict=True)
            if (one := self._name(table, place, view)) is not None
            and one.digest not in self._cache
        ]
        if named:
            self._compute(table, named)

    def _tell(self) -> None:
        if self._notices is not None:
            self._notices.tell()

    def _table(self, samples: Sequence[Sample], *, is_varied: bool) -> RecordTable:
        table = self._tables.get((id(samples), is_varied))
        if table is None:
            names = view_names(self._augmentation, self._seed)
            names = names if is_varied else names[:1]
            shape = self._cache.key.shape
            rows = RowMemory(len(samples), len(names), shape, self._rows_left)
            self._rows_left -= rows.nbytes
            # It holds the samples, so that no others come to have their id.
            labels = labels_of(samples, self._reader.dataset)
            table = RecordTable(samples, labels, names, rows)
            self._tables[id(samples), is_varied] = table
        return table

    def _kept(self, table: RecordTable, places: Labels, views: Labels) -> Floats | None:
        """The activations of a batch, if no file must be read and nothing computed."""
        rows = table.rows.get(places, views)
        if rows is not None:
            return rows
        names = table.names(places, views, self._contents)
        if names is None or not all(name in self._cache for name in names):
            return None
        features, found = self._cache.get_many(names)
        if not found.all():
            return None
        table.rows.put(places, views, features)
        return features

    def _name(self, table: RecordTable, place: int, view: int) -> _Named | None:
        sample = table.samples[place]
        content = self._contents.of(sample)
        if content is None:
            return None
        digest = table.name(place, view, content)
        if digest in self._cache or (self._earlier and digest in self._earlier):
            return _Named(place, view, digest)
        return self._viewed(sample, content, _Named(place, view, digest))

    def _viewed(self, sample: Sample, content: bytes, named: _Named) -> _Named | None:
        """With the pixels of its view; None where the file cannot be read."""
        pixels, is_sound = self._contents.read(sample)
        if pixels is None:
            return None
        if named.view:
            generator = np.random.default_rng(
                [self._seed, named.view, int.from_bytes(content[:8], "little")]
            )
            pixels = self._reader.task.augment(pixels, self._augmentation, generator)
        return _Named(named.place, named.view, named.digest, pixels, is_sound)

    def _computed(
        self, table: RecordTable, named: list[_Named]
    ) -> tuple[Labels, Floats]:
        """Activations of some samples, and the places of those that could be had."""
        features, found = self._compute(table, named)
        places = np.array([one.place for one in named], np.int64)[found]
        views = np.array([one.view for one in named], np.int64)[found]
        features = features[found]
        table.rows.put(places, views, features)
        return places, features

    def _compute(
        self, table: RecordTable, named: list[_Named]
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Activations of some samples, and which of them could be had."""
        with self._computing:  # what another thread is just computing is waited for
            return self._look_up_or_run(table, named)

    def _look_up_or_run(
        self, table: RecordTable, named: list[_Named]
    ) -> tuple[Floats, NDArray[np.bool_]]:
        features, found = self._cache.get_many([one.digest for one in named])
        self._take_earlier(named, features, found)
        todo: list[_Named] = []
        at: list[int] = []
        for index in np.flatnonzero(~found):
            one = self._with_pixels(table, named[index])
            if one is not None:
                todo.append(one)
                at.append(int(index))
        if todo:
            features[at] = self._run(todo)
            found[at] = True
        return features, found

    def _take_earlier(
        self, named: list[_Named], features: Floats, found: NDArray[np.bool_]
    ) -> None:
        """Fills in what comes from an earlier cut, and keeps it."""
        asked = [i for i in np.flatnonzero(~found) if named[i].pixels is None]
        if self._earlier is None or not asked:
            return
        digests = [named[index].digest for index in asked]
        computed, there = self._earlier.get_many(digests)
        computed = self._cache.as_kept(computed[there])
        places = np.array(asked)[there]
        features[places], found[places] = computed, True
        self._cache.put_many([named[place].digest for place in places], computed)

    def _run(self, named: list[_Named]) -> Floats:
        """Computes activations and keeps those of files that stayed the same."""
        pixels = [one.pixels for one in named if one.pixels is not None]
        computed = self._cache.as_kept(self._prefix.run(np.stack(pixels)))
        same: NDArray[np.bool_] = np.array([one.is_sound for one in named], np.bool_)
        digests = [one.digest for one in named if one.is_sound]
        self._cache.put_many(digests, computed[same])
        return computed

    def _with_pixels(self, table: RecordTable, one: _Named) -> _Named | None:
        """Decodes a sample whose record turned out to be damaged."""
        if one.pixels is not None:
            return one
        sample = table.samples[one.place]
        content = self._contents.of(sample)
        return None if content is None else self._viewed(sample, content, one)
