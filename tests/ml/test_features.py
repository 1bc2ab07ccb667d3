"""Activations that are kept: the same numbers, but computed once."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import save_picture
from tlgui.core.augmentation import VIEWS
from tlgui.core.catalogue import find_backbone
from tlgui.core.dataset import TRAIN, Dataset, Sample
from tlgui.core.events import Event, Noticed
from tlgui.core.scan import scan
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.core.types import Floats, Labels, Pixels
from tlgui.ml import cache_segment
from tlgui.ml.cache_key import CacheKey
from tlgui.ml.cache_room import cache_key, fits, in_half
from tlgui.ml.cache_store import CacheStore
from tlgui.ml.content_digests import ContentDigests
from tlgui.ml.contents import Contents
from tlgui.ml.cuts import POOLED, Cut
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.features import FeatureSource
from tlgui.ml.notices import Notices
from tlgui.ml.pipeline import SampleReader
from tlgui.ml.pixel_memory import Stamp

SIZE = 24
COUNT = 16
FEATURES = 12
LIGHT = VIEWS["light"]


class CountingPrefix:
    """Stands in for the frozen layers; counts the samples that it is given."""

    def __init__(self) -> None:
        self.ran = 0
        self._kernel = np.random.default_rng(0).normal(size=(SIZE * SIZE * 3, FEATURES))

    def run(self, inputs: Pixels) -> Floats:
        self.ran += len(inputs)
        found: Floats = (inputs.reshape(len(inputs), -1) @ self._kernel / 255).astype(
            np.float32
        )
        return found


class Bench:
    """What one run has, on a data set and a cache that outlive it."""

    def __init__(self, data: Path, root: Path) -> None:
        self.data, self.root = data, root
        for file in data.glob("*/*"):  # as if they had been there for long
            os.utime(file, ns=(0, file.stat().st_mtime_ns - 3_600_000_000_000))
        self.prefix = CountingPrefix()
        self._open = ExitStack()
        self.restart()

    def restart(self) -> None:
        """The next run: nothing is remembered but what is on the disk."""
        self.close()
        self.dataset: Dataset = scan(self.data, IMAGE_CLASSIFICATION)
        self.samples: tuple[Sample, ...] = self.dataset.samples[TRAIN]
        self.reader = self._open.enter_context(
            SampleReader(self.dataset, IMAGE_CLASSIFICATION, SIZE)
        )
        digests = self._open.enter_context(ContentDigests(self.root))
        self.told: list[Event] = []
        self.notices = Notices(self.told.append)
        self.contents = Contents(self.reader, digests, self.notices)
        self.cache = self.open_cache(POOLED)
        self.prefix.ran = 0

    def open_cache(self, block: str) -> FeatureCache:
        key = CacheKey("efficientnet-lite0", "ab" * 32, block, 1, (FEATURES,))
        return self._open.enter_context(
            FeatureCache(self.root, key, notices=self.notices)
        )

    def source(
        self,
        augmentation: str = "none",
        seed: int = 0,
        cache: FeatureCache | None = None,
    ) -> FeatureSource:
        return FeatureSource(
            self.reader,
            self.prefix,
            self.cache if cache is None else cache,
            self.contents,
            augmentation,
            seed,
            self.notices,
        )

    def rows(
        self, source: FeatureSource | None = None, epoch: int = 0
    ) -> dict[str, Floats]:
        """The activations of every sample, by its path."""
        source = source or self.source()
        return {
            self.samples[place].path: row
            for batch in source.batches(self.samples, 5, epoch=epoch)
            for place, row in zip(batch.places, batch.inputs, strict=True)
        }

    def computed(self, source: FeatureSource | None = None, epoch: int = 0) -> int:
        """How many samples an epoch runs through the prefix."""
        before = self.prefix.ran
        self.rows(source, epoch)
        return self.prefix.ran - before

    def expected(self) -> dict[str, Floats]:
        """The activations of the samples as they are, without any cache."""
        with SampleReader(self.dataset, IMAGE_CLASSIFICATION, SIZE) as reader:
            pixels = {sample.path: reader.read(sample) for sample in self.samples}
        plain = CountingPrefix()
        return {
            path: plain.run(picture[np.newaxis])[0]
            for path, picture in pixels.items()
            if picture is not None
        }

    def sentences(self) -> list[str]:
        """What a person was told."""
        return [event.sentence for event in self.told if isinstance(event, Noticed)]

    def close(self) -> None:
        self._open.close()
        self._open = ExitStack()


@pytest.fixture
def bench(colours: Path, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(colours, tmp_path / "cache")
    yield bench
    bench.close()


def assert_equal(expected: dict[str, Floats], found: dict[str, Floats]) -> None:
    assert expected.keys() == found.keys()
    for path, row in expected.items():
        np.testing.assert_allclose(found[path], row, rtol=1e-5, atol=1e-5, err_msg=path)


def same(one: Floats, other: Floats) -> bool:
    return bool(np.allclose(one, other, rtol=1e-5, atol=1e-5))


def test_the_first_pass_computes_each_sample_once_and_the_second_none(
    bench: Bench,
) -> None:
    source, expected = bench.source(), bench.expected()
    assert_equal(expected, bench.rows(source, epoch=1))
    assert bench.prefix.ran == COUNT
    assert_equal(expected, bench.rows(source, epoch=2))
    assert_equal(expected, bench.rows(source))
    assert bench.prefix.ran == COUNT


def test_the_next_run_computes_nothing_and_so_after_a_change_of_names(
    bench: Bench,
) -> None:
    expected = bench.rows()
    bench.restart()
    assert_equal(expected, bench.rows())
    for file in bench.data.glob("*/*"):
        file.rename(file.with_stem(f"new-{file.stem}"))
    bench.restart()
    renamed = {path.replace("/new-", "/"): row for path, row in bench.rows().items()}
    assert_equal(expected, renamed)
    assert bench.prefix.ran == 0


def test_batches_follow_the_order_with_their_labels(bench: Bench) -> None:
    order: Labels = np.random.default_rng(1).permutation(COUNT)
    expected = bench.expected()
    for _ in range(2):  # computed, then kept
        batches = list(bench.source().batches(bench.samples, 6, order=order))
        assert [len(batch.places) for batch in batches] == [6, 6, 4]
        places = np.concatenate([batch.places for batch in batches])
        np.testing.assert_array_equal(places, order)
        for batch in batches:
            for place, label, row in zip(
                batch.places, batch.labels, batch.inputs, strict=True
            ):
                assert label == bench.samples[place].label
                assert same(expected[bench.samples[place].path], row)


def test_every_view_is_computed_once_and_then_kept(bench: Bench) -> None:
    source = bench.source("light")
    epochs = range(1, LIGHT + 1)
    assert [bench.computed(source, epoch) for epoch in epochs] == [COUNT] * LIGHT
    assert [bench.computed(source, LIGHT + epoch) for epoch in epochs] == [0] * LIGHT
    bench.restart()
    assert [bench.computed(bench.source("light"), e) for e in epochs] == [0] * LIGHT


def test_an_epoch_mixes_the_views_and_every_sample_shows_all_of_its_own(
    bench: Bench,
) -> None:
    source, plain = bench.source("light"), bench.expected()
    epochs = [bench.rows(source, epoch) for epoch in range(1, LIGHT + 1)]
    for rows in epochs:
        originals = sum(same(plain[path], row) for path, row in rows.items())
        assert COUNT // LIGHT <= originals <= COUNT // LIGHT + 1
    for path, row in plain.items():
        views = [rows[path] for rows in epochs]
        assert sum(same(row, view) for view in views) == 1
        distinct = {view.round(3).tobytes() for view in views}
        assert len(distinct) == LIGHT
    assert_equal(epochs[0], bench.rows(source, epoch=LIGHT + 1))


def test_validation_samples_are_never_varied(bench: Bench) -> None:
    assert_equal(bench.expected(), bench.rows(bench.source("strong")))


def test_the_seed_decides_the_variations(bench: Bench, tmp_path: Path) -> None:
    plain = bench.expected()
    first = bench.rows(bench.source("light", seed=3), epoch=2)
    other = Bench(bench.data, tmp_path / "another cache")
    again = other.rows(other.source("light", seed=3), epoch=2)
    assert other.prefix.ran == COUNT
    other.close()
    assert_equal(first, again)
    varied = [path for path, row in first.items() if not same(plain[path], row)]
    assert len(varied) >= COUNT - COUNT // LIGHT - 1
    another = bench.rows(bench.source("light", seed=4), epoch=2)
    stronger = bench.rows(bench.source("strong", seed=3), epoch=2)
    for path in varied:
        assert not same(first[path], another[path])
        assert not same(first[path], stronger[path])


def test_a_photo_that_changed_between_runs_is_computed_anew(bench: Bench) -> None:
    before = bench.rows()
    changed = "red/3.png"
    save_picture(bench.data / changed, (10, 200, 10), 99)
    bench.restart()
    after = bench.rows()
    assert bench.prefix.ran == 1
    assert_equal(bench.expected(), after)
    assert [path for path in before if not same(before[path], after[path])] == [changed]


def test_a_photo_that_vanishes_is_left_out_and_noted(bench: Bench) -> None:
    gone = bench.data / "red" / "0.png"
    gone.unlink()
    found = bench.rows()
    assert_equal(bench.expected(), found)
    assert len(found) == COUNT - 1
    assert "no longer there" in bench.reader.lost["red/0.png"]


def test_a_photo_that_became_junk_is_left_out_and_noted(bench: Bench) -> None:
    (bench.data / "red" / "0.png").write_bytes(b"nothing to see")
    assert len(bench.rows()) == COUNT - 1
    assert list(bench.reader.lost) == ["red/0.png"]


def test_a_photo_changed_in_mid_run_is_kept_as_what_was_read(bench: Bench) -> None:
    """Decoded samples stay in memory, so that a later view is of the old picture."""
    path = "red/3.png"
    file, source = bench.data / path, bench.source("light")
    original, times = file.read_bytes(), file.stat()
    bench.rows(source, epoch=1)
    save_picture(file, (10, 200, 10), 99)
    for epoch in range(2, LIGHT + 1):
        bench.rows(source, epoch)
    bench.restart()
    assert_equal(bench.expected(), bench.rows(bench.source("light")))
    file.write_bytes(original)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    bench.restart()
    source = bench.source("light")
    found = [bench.rows(source, epoch)[path] for epoch in range(1, LIGHT + 1)]
    assert bench.prefix.ran == 0, "every view was computed of the old picture"
    fresh = Bench(bench.data, bench.root.with_name("fresh"))
    source = fresh.source("light")
    expected = [fresh.rows(source, epoch)[path] for epoch in range(1, LIGHT + 1)]
    fresh.close()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("settled", [True, False], ids=["old", "changed just now"])
def test_a_photo_changed_before_it_is_decoded_is_kept_under_neither_content(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, settled: bool
) -> None:
    changed = bench.data / "red" / "3.png"
    original, times = changed.read_bytes(), changed.stat()
    if not settled:
        os.utime(changed)
        times = changed.stat()
        bench.restart()
    read_stamped = bench.reader.read_stamped

    def change_first(sample: Sample) -> tuple[Pixels | None, Stamp | None]:
        if sample.path == "red/3.png":
            save_picture(changed, (10, 200, 10), 99)
        return read_stamped(sample)

    monkeypatch.setattr(bench.reader, "read_stamped", change_first)
    bench.rows()
    (sentence,) = bench.sentences()
    assert "red/3.png was changed while the run was using it" in sentence
    bench.restart()
    assert_equal(bench.expected(), bench.rows())
    assert bench.prefix.ran == 1
    changed.write_bytes(original)
    os.utime(changed, ns=(times.st_atime_ns, times.st_mtime_ns))
    bench.restart()
    assert_equal(bench.expected(), bench.rows())
    assert bench.prefix.ran == 1


def test_a_photo_changed_between_the_scan_and_the_training_is_decoded_again(
    bench: Bench,
) -> None:
    for sample in bench.samples:  # as the scan of a run does
        bench.reader.read(sample)
    assert len(bench.reader.memory) == COUNT
    save_picture(bench.data / "red" / "3.png", (10, 200, 10), 99)
    assert_equal(bench.expected(), bench.rows())
    bench.restart()
    assert_equal(bench.expected(), bench.rows())
    assert bench.prefix.ran == 0


def test_a_kept_run_asks_for_a_files_status_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.rows(bench.source("light"), epoch=1)
    bench.restart()
    asked: list[Path] = []
    status = Path.stat

    def counted(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.parent.parent == bench.data:
            asked.append(path)
        return status(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", counted)
    monkeypatch.setattr(bench.reader, "start", None)  # nor is any thread asked
    source = bench.source("light")
    for epoch in (1, 1 + LIGHT, 1):
        bench.rows(source, epoch)
    assert sorted(asked) == sorted(bench.dataset.file(s) for s in bench.samples)


def test_the_next_phase_keeps_nothing_wrong_of_a_photo_that_changed(
    bench: Bench,
) -> None:
    """The reader still has the old picture when the next cut is filled."""
    before = bench.rows()
    save_picture(bench.data / "red" / "3.png", (10, 200, 10), 99)
    (bench.data / "red" / "4.png").unlink()
    second = bench.source(cache=bench.open_cache("block6d"))
    assert_equal(before, bench.rows(second))
    assert not bench.reader.lost
    bench.restart()
    second = bench.source(cache=bench.open_cache("block6d"))
    assert_equal(bench.expected(), bench.rows(second))
    assert bench.prefix.ran == 1


def damage(root: Path, record: int) -> None:
    """Changes one number of one record."""
    (data,) = (file for file in root.glob("*/*.data") if file.stat().st_size)
    with data.open("r+b") as stream:
        stream.seek(record * FEATURES * 4)
        stream.write(np.float32(1e6).tobytes())


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_damaged_record_is_computed_again_from_its_own_view(
    bench: Bench, epoch: int
) -> None:
    expected = bench.rows(bench.source("light"), epoch)
    bench.close()
    for record in range(COUNT):  # one at least is a variation, one the original
        damage(bench.root, record)
    bench.restart()
    source = bench.source("light")
    assert_equal(expected, bench.rows(source, epoch))
    assert bench.prefix.ran == COUNT
    assert bench.computed(source, epoch) == 0
    bench.restart()
    assert_equal(expected, bench.rows(bench.source("light"), epoch))
    assert bench.prefix.ran == 0


def test_a_damaged_record_of_a_photo_that_is_gone_is_left_out(bench: Bench) -> None:
    bench.rows()
    bench.close()
    for record in range(COUNT):
        damage(bench.root, record)
    bench.restart()
    source = bench.source()
    batches = source.batches(bench.samples, COUNT)
    read_stamped = bench.reader.read_stamped

    def vanish(sample: Sample) -> tuple[Pixels | None, Stamp | None]:
        (bench.data / "red" / "0.png").unlink(missing_ok=True)
        return read_stamped(sample)

    bench.reader.read_stamped = vanish  # type: ignore[method-assign]
    (batch,) = batches
    assert len(batch.places) == COUNT - 1
    assert "no longer there" in bench.reader.lost["red/0.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps files that are in use")
def test_a_cache_deleted_in_mid_run_changes_no_number(bench: Bench) -> None:
    source, expected = bench.source(), bench.expected()
    found: dict[str, Floats] = {}
    for number, batch in enumerate(source.batches(bench.samples, 4)):
        if number == 2:
            shutil.rmtree(bench.root)
        found |= {
            bench.samples[place].path: row
            for place, row in zip(batch.places, batch.inputs, strict=True)
        }
    assert_equal(expected, found)
    (sentence,) = bench.sentences()
    assert "deleted while the run was using them" in sentence
    assert_equal(expected, bench.rows(source))
    shutil.rmtree(bench.root, ignore_errors=True)
    assert_equal(expected, bench.rows(source))
    bench.restart()
    assert_equal(expected, bench.rows())
    assert bench.cache.trouble == ""


def test_a_full_disk_costs_time_but_no_number(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def fill(*_: object) -> None:
        nonlocal written
        written += 1
        if written > 2:  # one record's data and its entry still go in
            raise OSError(errno.ENOSPC, "No space left on device")
        write(*_)  # type: ignore[arg-type]

    write = cache_segment._write_all
    monkeypatch.setattr(cache_segment, "_write_all", fill)
    source, expected = bench.source("light"), bench.expected()
    first = bench.rows(source, epoch=1)
    assert_equal(first, bench.rows(source, epoch=1))
    assert_equal(expected, bench.rows(source))
    assert bench.prefix.ran > COUNT
    assert "the disk is full; free some space there" in bench.cache.trouble
    assert "Training goes on" in bench.cache.trouble
    assert bench.sentences() == [bench.cache.trouble]


def test_what_does_not_fit_is_said_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = Cut(find_backbone("efficientnet-lite0"), POOLED)
    record = 1280 * 4
    monkeypatch.setattr(CacheStore, "limit", lambda self: 60 * record)
    key = cache_key(cut)
    assert fits(tmp_path, key, 60)
    assert not fits(tmp_path, key, 61)
    assert fits(tmp_path, in_half(key), 120)
    assert not fits(tmp_path, in_half(key), 121)
