"""Each file is decoded once a run, and found wanting in the same words."""

import dataclasses
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tlgui.core import task as tasks
from tlgui.core.dataset import TRAIN
from tlgui.core.events import Event
from tlgui.core.images import decode, inspect
from tlgui.core.scan import scan
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.core.types import Pixels
from tlgui.ml.pixel_memory import PixelMemory
from tlgui.ml.preparing import prepare_data
from tlgui.ml.training import train


class Counts:
    """How often each file was decoded, in whatever way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: Counter[str] = Counter()
        counting = dataclasses.replace(
            IMAGE_CLASSIFICATION, decode=self._decode, inspect=self._inspect
        )
        monkeypatch.setattr(tasks, "TASKS", {counting.name: counting})

    def _decode(self, source: Path | bytes, size: int) -> Pixels:
        assert isinstance(source, Path)
        self.of[source.name] += 1
        return decode(source, size)

    def _inspect(self, path: Path) -> object:
        self.of[path.name] += 1
        return inspect(path)


@pytest.fixture
def old_colours(colours: Path) -> Path:
    """The pictures as if they had been there for long, each of its own name."""
    for file in [*colours.glob("*/*")]:
        moved = file.rename(file.with_stem(f"{file.parent.name}-{file.stem}"))
        os.utime(moved, ns=(0, 1_000_000_000))
    return colours


def spec(data: Path, **changes: Any) -> TrainingSpec:
    values = {"epochs": 3, "batch_size": 4, "validation": 0.25} | changes
    return TrainingSpec(data=str(data), **values)


@pytest.mark.tf
def test_a_run_decodes_each_file_once_and_the_next_run_none(
    old_colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = Counts(monkeypatch)
    names = {file.name for file in old_colours.glob("*/*")}
    train(spec(old_colours, augmentation="light"), tmp_path / "first", lambda _: None)
    assert counts.of == dict.fromkeys(names, 1)
    counts.of.clear()
    train(spec(old_colours, augmentation="light"), tmp_path / "second", lambda _: None)
    assert counts.of == {}


@pytest.mark.tf
def test_a_streaming_run_decodes_each_file_once_too(
    old_colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tlgui.ml.source_choice.fits", lambda *_: False)
    counts = Counts(monkeypatch)
    train(spec(old_colours, augmentation="light"), tmp_path / "run", lambda _: None)
    assert counts.of == dict.fromkeys(
        [file.name for file in old_colours.glob("*/*")], 1
    )


def test_trouble_is_told_in_the_same_words(colours: Path) -> None:
    whole = (colours / "blue" / "0.jpg").read_bytes()
    large = np.random.default_rng(0).integers(0, 255, (600, 800, 3), np.uint8)
    Image.fromarray(large).save(colours / "red" / "large.png")
    png = (colours / "red" / "large.png").read_bytes()
    files = {
        "cut.jpg": whole[: len(whole) // 2],
        "cut.png": png[: len(png) // 2],
        "head only.png": png[:40],
        "empty.jpg": b"",
        "text.jpg": b"no picture at all",
        "drawing.gif": b"GIF89a",
        "notes.txt": b"notes",
    }
    for name, content in files.items():
        (colours / "red" / name).write_bytes(content)
    expected = scan(colours, IMAGE_CLASSIFICATION)
    assert len(expected.problems) == len(files)
    told: list[Event] = []
    found = prepare_data(spec(colours), told.append)
    assert found.problems == expected.problems
    assert len(found) == len(expected)


@pytest.mark.tf
def test_a_damaged_file_whose_sound_content_was_kept_is_still_found(
    old_colours: Path, tmp_path: Path
) -> None:
    train(spec(old_colours, epochs=1), tmp_path / "run", lambda _: None)
    photo = old_colours / "blue" / "blue-0.jpg"
    photo.write_bytes(photo.read_bytes()[:500])
    found = prepare_data(spec(old_colours), lambda _: None)
    assert [problem.path for problem in found.problems] == ["blue/blue-0.jpg"]


def test_memory_is_bounded_and_keeps_no_file_that_may_change(old_colours: Path) -> None:
    memory, size = PixelMemory(3 * 8 * 8 * 3), 8
    files = sorted((old_colours / "red").iterdir())
    for file in files:
        memory.read(file, lambda path: decode(path, size))
    assert len(memory) == 3
    first, stamp = memory.read(files[0], lambda path: np.zeros(0, np.uint8))
    np.testing.assert_array_equal(first, decode(files[0], size))
    assert stamp is not None
    memory.forget_unless(files[0], stamp)
    assert len(memory) == 3
    memory.forget_unless(files[0], stamp._replace(size=1))
    assert len(memory) == 2
    os.utime(files[4])  # changed just now
    assert memory.read(files[4], lambda path: decode(path, size))[1] is None
    assert len(memory) == 2
    memory.read(files[5], lambda path: decode(path, size))
    assert len(memory) == 3


def test_a_scanned_folder_is_not_read_again(
    old_colours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned = scan(old_colours, IMAGE_CLASSIFICATION)
    counts = Counts(monkeypatch)
    found = prepare_data(spec(old_colours), lambda _: None, dataset=scanned)
    assert counts.of == {}
    assert sum(found.counts(TRAIN)) == 12
