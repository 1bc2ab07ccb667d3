"""Moving the cut reuses what is there, upwards and back down."""

import functools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tlgui import paths
from tlgui.core import events
from tlgui.core.catalogue import find_backbone
from tlgui.core.run import open_run
from tlgui.core.spec import TrainingSpec
from tlgui.ml import earlier_cut
from tlgui.ml.cache_room import cache_key
from tlgui.ml.cache_store import CacheStore
from tlgui.ml.cuts import POOLED, Cut, Span
from tlgui.ml.earlier_cut import Missing, find_earlier
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.frozen_layers import FrozenLayers
from tlgui.ml.prefix import KerasPrefix, convert_prefix, is_converted, make_prefix
from tlgui.ml.training import train

pytestmark = pytest.mark.tf

BACKBONE = find_backbone("efficientnet-lite0")
BLOCKS = tuple(block.name for block in BACKBONE.blocks)
LOW, HIGH = Cut(BACKBONE, "block6d"), Cut(BACKBONE, POOLED)


@pytest.mark.slow
def test_two_parts_give_what_the_whole_gives(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)
    for end in (HIGH, Cut(BACKBONE, "block7a")):
        expected = KerasPrefix(end).run(pixels)
        given = KerasPrefix(LOW).run(pixels)
        found = make_prefix(
            Span(LOW, end), [tmp_path], functools.partial(np.copy, given)
        )
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found.run(given), expected, atol=1e-4 * scale)
        assert (tmp_path / f"{Span(LOW, end).name}.tflite").exists() is (
            not isinstance(found, KerasPrefix)
        )


class Ran:
    """Counts the decoded samples that frozen layers are run on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pixels = 0
        run = FrozenLayers.run

        def counted(layers: FrozenLayers, inputs: Any) -> Any:
            if inputs.dtype == np.uint8:  # not activations
                self.pixels += len(inputs)
            return run(layers, inputs)

        monkeypatch.setattr(FrozenLayers, "run", counted)


def losses(data: Path, folder: Path, trainable: tuple[str, ...]) -> list[float]:
    told: list[events.Event] = []
    spec = TrainingSpec(
        data=str(data),
        epochs=2,
        batch_size=4,
        validation=0.25,
        trainable=trainable,
        strategy="direct",
        augmentation="light",
    )
    train(spec, folder, told.append)
    assert all(e.cached for e in told if isinstance(e, events.SourceChosen))
    return [r.loss for r in open_run(folder).history()]


def test_the_cut_moves_up_and_back_down_without_the_early_layers(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_cut, "_pays", lambda *_: True)
    low = BLOCKS[BLOCKS.index(LOW.block) + 1 :]
    ran = Ran(monkeypatch)
    for file in colours.glob("*/*"):  # so that its content is remembered at once
        os.utime(file, ns=(0, 1_000_000_000))
    expected_high = losses(colours, tmp_path / "high alone", ())
    assert ran.pixels == 2 * 12 + 4
    CacheStore(paths.activations_dir()).clear()
    first = losses(colours, tmp_path / "low", low)
    ran.pixels = 0
    high = losses(colours, tmp_path / "high", ())
    assert ran.pixels == 0, "everything came from the earlier cut"
    np.testing.assert_allclose(high, expected_high, rtol=1e-4)
    again = losses(colours, tmp_path / "low again", low)
    assert ran.pixels == 0
    np.testing.assert_allclose(again, first, rtol=1e-6)


def test_it_must_pay(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ai_edge_litert")
    low = BLOCKS[BLOCKS.index(LOW.block) + 1 :]
    for file in colours.glob("*/*"):
        os.utime(file, ns=(0, 1_000_000_000))
    losses(colours, tmp_path / "low", low)
    root, folder = paths.activations_dir(), [paths.prefix_dir()]
    there: list[bytes] = []
    with FeatureCache(root, cache_key(LOW)) as cache:
        there += list(cache._lookup)
    assert is_converted(LOW, folder)
    convert_prefix(HIGH, folder)
    monkeypatch.setattr(
        earlier_cut, "is_converted", lambda part, _: part != Span(LOW, HIGH)
    )
    monkeypatch.setattr(earlier_cut, "_seconds_a_sample", lambda *_: 3e-3)

    def found(names: list[bytes], records: int) -> bool:
        earlier = find_earlier(root, folder, HIGH, Missing(names, records))
        if earlier is not None:
            earlier.close()
        return earlier is not None

    assert not found(there, 100)
    assert found(there, 10_000)
    strange = [bytes(16)] * len(there)
    assert not found(strange, 10_000)
    assert found(there + strange, 10_000)
    assert not found([*there, *strange, bytes(16)], 10_000)
