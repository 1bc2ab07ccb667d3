"""What is kept and what streams, and that the numbers stay right either way."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tlgui import paths
from tlgui.core import events
from tlgui.core.catalogue import find_backbone
from tlgui.core.events import SourceChosen, Streaming
from tlgui.core.run import open_run
from tlgui.core.spec import TrainingSpec
from tlgui.ml import cache_segment, cut_source, precision, source_choice
from tlgui.ml.cache_key import CacheKey
from tlgui.ml.cache_room import cache_key, in_half, open_cache
from tlgui.ml.cache_store import CacheStore
from tlgui.ml.cuts import Cut
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.forecast import Costs
from tlgui.ml.precision import half_difference
from tlgui.ml.source_choice import Choice, choose
from tlgui.ml.training import train

BACKBONE = "efficientnet-lite0"
BLOCKS = tuple(block.name for block in find_backbone(BACKBONE).blocks)
KEY = CacheKey(BACKBONE, "ab" * 32, "block4", 1, (10,))
HALF = in_half(KEY)


def chosen(
    monkeypatch: pytest.MonkeyPatch,
    records: int,
    difference: float = 0.0,
    cheaper: bool = False,
) -> Choice:
    """The choice for 90 training and 10 validation records."""
    monkeypatch.setattr(CacheStore, "limit", lambda _: records * KEY.record_bytes)
    root = Path("nowhere")
    return choose(root, KEY, (90, 10), lambda: difference, lambda _: cheaper)


def test_what_fits_is_kept_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(monkeypatch, 100, difference=1.0) == Choice(KEY, KEY)


def test_half_precision_is_kept_where_the_loss_allows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert chosen(monkeypatch, 99, difference=9e-5) == Choice(HALF, HALF)
    streams = Choice(None, KEY, Streaming.ROOM)
    assert chosen(monkeypatch, 99, difference=2e-4) == streams
    assert chosen(monkeypatch, 99, difference=float("nan")) == streams
    assert chosen(monkeypatch, 49) == streams


def test_validation_is_kept_while_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(monkeypatch, 10) == Choice(None, KEY, Streaming.ROOM)
    assert chosen(monkeypatch, 9) == Choice(None, None, Streaming.ROOM)


def test_streaming_is_chosen_where_it_is_cheaper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cheaper = chosen(monkeypatch, 100, cheaper=True)
    assert cheaper == Choice(None, KEY, Streaming.CHEAPER)


def test_rounding_is_measured_on_the_loss() -> None:
    generator = np.random.default_rng(0)
    activations = generator.normal(size=(32, 20)).astype(np.float32)
    one_hot = np.eye(4, dtype=np.float32)[np.arange(32) % 4]

    def loss(values: Any, labels: Any) -> float:
        return float(np.mean((values[:, :4] - labels) ** 2))

    assert 0 < half_difference(activations, one_hot, loss) < 1e-3
    exact = np.round(activations)
    assert half_difference(exact, one_hot, loss) == 0
    exact[0, 0] = 1e6
    assert half_difference(exact, one_hot, loss) == float("inf")


def test_opening_makes_room_for_what_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = CacheKey(BACKBONE, "cd" * 32, "block4", 1, (10,))
    with FeatureCache(tmp_path, other) as old:
        names = [bytes([n]) * 16 for n in range(50)]
        old.put_many(names, np.zeros((50, 10), np.float32))
    with FeatureCache(tmp_path, KEY) as own:
        own.put_many(names[:20], np.zeros((20, 10), np.float32))
    taken = CacheStore(tmp_path).size()
    room = taken + 5 * KEY.record_bytes
    monkeypatch.setattr(CacheStore, "limit", lambda _: room)
    with open_cache(tmp_path, KEY, 25) as cache:
        assert len(cache) == 20
    assert (tmp_path / other.folder).exists(), "there was room for five more"
    with open_cache(tmp_path, KEY, 40) as cache:
        assert len(cache) == 20, "what is used is not thrown away"
    assert not (tmp_path / other.folder).exists()


def run(
    data: Path, folder: Path, **changes: Any
) -> tuple[list[events.SourceChosen], list[str], list[float]]:
    """Trains: where samples came from, what was told, the losses."""
    values: dict[str, Any] = {"epochs": 3, "batch_size": 4, "validation": 0.25}
    values |= {"strategy": "direct"}
    told: list[events.Event] = []
    train(TrainingSpec(data=str(data), **(values | changes)), folder, told.append)
    records = open_run(folder).history()
    return (
        [event for event in told if isinstance(event, SourceChosen)],
        [event.sentence for event in told if isinstance(event, events.Noticed)],
        [value for record in records for value in (record.loss, record.val_loss)],
    )


@pytest.mark.tf
@pytest.mark.parametrize("keeps_validation", [True, False])
def test_what_does_not_fit_streams_through_the_frozen_layers(
    colours: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keeps_validation: bool,
) -> None:
    changes = {"trainable": BLOCKS[-1:], "augmentation": "none"}
    (kept,), _, expected = run(colours, tmp_path / "kept", **changes)
    assert (kept.cached, kept.reason) == (True, Streaming.NONE)
    shutil.rmtree(paths.activations_dir())
    room = 4 if keeps_validation else 0

    def fits(_: Path, key: CacheKey, records: int) -> bool:
        return key.dtype == "float32" and records <= room

    monkeypatch.setattr(source_choice, "fits", fits)
    (streamed,), _, losses = run(colours, tmp_path / "streamed", **changes)
    expected_event = SourceChosen(False, 0, kept.runtime, Streaming.ROOM)
    assert streamed == expected_event
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    entries = CacheStore(paths.activations_dir()).entries()
    record = cache_key(Cut(find_backbone(BACKBONE), BLOCKS[-2])).record_bytes
    sizes = [entry.size // record for entry in entries]
    assert sizes == ([4] if keeps_validation else [])


@pytest.mark.tf
def test_streamed_samples_are_varied_anew_in_every_epoch(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cut_source, "measure_costs", lambda *_: Costs(1e-3, 5e-3, 5e-3))
    changes = {"trainable": BLOCKS[-1:], "augmentation": "strong"}
    first, again = (run(colours, tmp_path / name, **changes) for name in "ab")
    assert first[0][0].reason is Streaming.CHEAPER
    np.testing.assert_allclose(first[2], again[2], rtol=1e-5)


@pytest.mark.tf
@pytest.mark.parametrize("trainable", [(), BLOCKS[-1:]], ids=["head", "last block"])
def test_half_precision_is_tried_on_the_runs_own_loss(
    colours: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trainable: tuple[str, ...],
) -> None:
    changes = {"trainable": trainable, "augmentation": "none", "epochs": 2}
    _, _, expected = run(colours, tmp_path / "full", **changes)
    measured: list[float] = []

    def measure(*arguments: Any) -> float:
        measured.append(precision.half_difference(*arguments))
        return 0.0

    monkeypatch.setattr(
        source_choice, "fits", lambda _, key, records: key.dtype == "float16"
    )
    monkeypatch.setattr(cut_source, "half_difference", measure)
    (kept,), _, losses = run(colours, tmp_path / "half", **changes)
    assert kept.cached
    assert 0 < measured[0] < 1e-3
    np.testing.assert_allclose(losses, expected, rtol=2e-2)
    _, _, again = run(colours, tmp_path / "again", **changes)
    np.testing.assert_allclose(again, losses, rtol=1e-6, err_msg="computed and kept")


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache_segment, "_write_all", refuse)


def locked_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    root = paths.activations_dir()
    shutil.rmtree(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    root.write_text("no folder")


@pytest.mark.tf
@pytest.mark.parametrize(
    ("break_it", "said"),
    [(full_disk, "the disk is full"), (locked_folder, "Training goes on")],
)
def test_trouble_of_the_cache_is_told_once_and_changes_nothing(
    colours: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    break_it: Callable[[pytest.MonkeyPatch], None],
    said: str,
) -> None:
    _, sentences, expected = run(colours, tmp_path / "kept", augmentation="light")
    assert sentences == []
    break_it(monkeypatch)
    shutil.rmtree(paths.activations_dir(), ignore_errors=True)
    _, sentences, losses = run(colours, tmp_path / "run", augmentation="light")
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    (sentence,) = sentences
    assert said in sentence
