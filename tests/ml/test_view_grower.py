"""Views of coming epochs, computed in the background."""

import functools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ml.test_features import COUNT, LIGHT, Bench, assert_equal
from tlgui.core.phases import Phase
from tlgui.core.types import Floats, Labels
from tlgui.ml.pipeline import training_order
from tlgui.ml.view_grower import GrowingSource

PHASE = Phase(1, 4, (), 0.001)


@pytest.fixture
def bench(colours: Path, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(colours, tmp_path / "cache")
    yield bench
    bench.close()


def rows(bench: Bench, source: Any, epoch: int) -> dict[str, Floats]:
    """The activations of an epoch, by path, in the order of training."""
    order = training_order(0, epoch, COUNT)
    return {
        bench.samples[place].path: row
        for batch in source.batches(bench.samples, 5, order=order, epoch=epoch)
        for place, row in zip(batch.places, batch.inputs, strict=True)
    }


def growing(bench: Bench, phase: Phase = PHASE) -> GrowingSource:
    return GrowingSource(bench.source("light"), bench.samples, 0, phase)


def finish(source: GrowingSource) -> None:
    """Waits until everything has grown."""
    assert source._thread is not None
    source._thread.join(timeout=60)
    assert not source._thread.is_alive()


def test_what_has_grown_is_what_would_have_been_computed(
    bench: Bench, tmp_path: Path
) -> None:
    plain = Bench(bench.data, tmp_path / "plain")
    source = plain.source("light")
    expected = [rows(plain, source, epoch) for epoch in range(1, 5)]
    plain.close()
    grower = growing(bench)
    assert_equal(expected[0], rows(bench, grower, 1))
    finish(grower)
    assert bench.prefix.ran == 4 * COUNT
    for epoch in range(2, 5):
        assert_equal(expected[epoch - 1], rows(bench, grower, epoch))
    assert bench.prefix.ran == 4 * COUNT
    grower.close()


def test_no_view_is_grown_twice_however_many_epochs(bench: Bench) -> None:
    grower = growing(bench, Phase(1, 50, (), 0.001))
    rows(bench, grower, 1)
    finish(grower)
    assert bench.prefix.ran == LIGHT * COUNT
    grower.close()


def test_nothing_grows_before_the_second_batch_or_without_training(
    bench: Bench,
) -> None:
    grower = growing(bench)
    list(grower.batches(bench.samples, 5))
    batches = grower.batches(bench.samples, 5, epoch=1)
    next(batches)
    assert grower._thread is None
    next(batches)
    assert grower._thread is not None
    grower.close()


def test_it_stops_within_a_batch(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    source, grown = bench.source("light"), [0]
    at_work, let_go = threading.Event(), threading.Event()

    def grow(samples: Any, places: Labels, epoch: int) -> None:
        grown[0] += 1
        at_work.set()
        assert let_go.wait(60)

    monkeypatch.setattr(source, "grow", grow)
    grower = GrowingSource(source, bench.samples, 0, PHASE)
    batches = grower.batches(bench.samples, 5, epoch=1)
    next(batches)
    next(batches)
    assert at_work.wait(60)
    closing = threading.Thread(target=grower.close)
    closing.start()
    while not grower._is_stopped:
        pass
    let_go.set()
    closing.join(60)
    assert grown == [1]
    finish(grower)


@pytest.mark.parametrize("at_close", [True, False])
def test_an_error_is_raised_where_batches_are_asked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at_close: bool
) -> None:
    source = bench.source("light")

    def fail(*_: Any) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(source, "grow", fail)
    grower = GrowingSource(source, bench.samples, 0, PHASE)
    batches = grower.batches(bench.samples, 4, epoch=1)
    next(batches)
    next(batches)
    finish(grower)
    ask = grower.close if at_close else functools.partial(next, batches)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        ask()
    grower.close()


def test_the_rows_in_memory_are_the_rows_on_disk(bench: Bench) -> None:
    source = bench.source("light")
    computed = rows(bench, source, 1)
    from_memory = rows(bench, source, 1)
    from_disk = rows(bench, bench.source("light"), 1)
    for path, row in computed.items():
        np.testing.assert_array_equal(row, from_memory[path])
        np.testing.assert_array_equal(row, from_disk[path])
