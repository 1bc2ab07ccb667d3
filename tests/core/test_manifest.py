import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tlgui.core.dataset import Dataset
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.manifest import (
    Manifest,
    compare,
    list_files,
    make_manifest,
    moved,
    read_manifest,
    write_manifest,
)
from tlgui.core.scan import scan
from tlgui.core.task import IMAGE_CLASSIFICATION


@pytest.fixture
def dataset(colours: Path) -> Dataset:
    (colours / "red" / "broken.jpg").write_bytes(b"no picture")
    return scan(colours, IMAGE_CLASSIFICATION)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "manifest.json"


def written(dataset: Dataset, file: Path) -> Manifest:
    manifest = make_manifest(dataset)
    write_manifest(file, manifest)
    return manifest


def test_what_was_written_is_read_again(dataset: Dataset, file: Path) -> None:
    manifest = written(dataset, file)
    assert len(manifest.files) == 17
    read = read_manifest(file, dataset.root)
    assert read == manifest
    assert read is not None
    assert read.dataset == dataset
    assert read.hash == manifest.hash


def test_nothing_changed_is_seen_without_reading_a_picture(
    dataset: Dataset, file: Path
) -> None:
    manifest = written(dataset, file)
    assert compare(manifest, list_files(dataset.root)).is_untouched


def test_every_kind_of_change_is_seen(dataset: Dataset) -> None:
    manifest = make_manifest(dataset)
    files = sorted(dataset.root.rglob("*.png"))
    files[0].unlink()
    files[1].write_bytes(b"another size")
    os.utime(files[2], (1, 1))
    shutil.copy(files[3], files[3].with_name("more.png"))
    found = compare(manifest, list_files(dataset.root))
    assert (found.expected, found.same, found.unchanged, found.new) == (17, 15, 14, 1)
    assert found.missing == ("red/0.png", "red/1.png")
    assert not found.is_untouched
    assert not found.is_whole


def test_the_same_photos_elsewhere_are_known_again(
    dataset: Dataset, tmp_path: Path
) -> None:
    manifest = make_manifest(dataset)
    place = tmp_path / "moved" / "there"
    shutil.copytree(dataset.root, place, copy_function=shutil.copyfile)
    found = list_files(place)
    comparison = compare(manifest, found)
    assert comparison.is_whole
    assert not comparison.is_untouched  # copied without their times
    there = moved(manifest, place, found)
    assert there.dataset.root == place
    assert there.hash == manifest.hash
    assert there.dataset.file(there.dataset.samples["train"][0]).is_file()


def test_other_photos_have_another_hash(dataset: Dataset) -> None:
    before = make_manifest(dataset).hash
    (dataset.root / "red" / "0.png").write_bytes(b"x")
    assert make_manifest(dataset).hash != before


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(TlguiError, match="Expected a folder"):
        list_files(tmp_path / "gone")


def test_no_more_is_looked_at_than_wanted(dataset: Dataset) -> None:
    assert len(list_files(dataset.root, most=5)) == 5


def test_it_can_be_stopped(dataset: Dataset) -> None:
    with pytest.raises(Stopped):
        list_files(dataset.root, lambda: True)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"task": "unheard-of"},
        {"class_names": [1, 2]},
        {"samples": {"train": [["../../secret.jpg", 0]]}},
        {"samples": {"train": [["red/0.png", 7]]}},
        {"samples": {"elsewhere": []}},
        {"files": [["a", "big", 1, ""]]},
        {"files": 3},
        {"problems": [[1, 2]]},
    ],
)
def test_a_damaged_one_counts_as_none(
    dataset: Dataset, file: Path, change: dict[str, Any]
) -> None:
    written(dataset, file)
    values = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**values, **change}), encoding="utf-8")
    assert read_manifest(file, dataset.root) is None


def test_a_file_that_is_made_up_is_not_found(dataset: Dataset, file: Path) -> None:
    """A manifest may name what it likes; only what is below the folder counts."""
    written(dataset, file)
    values = json.loads(file.read_text(encoding="utf-8"))
    values["files"].append(["../../secret.jpg", 3, 3, ""])
    values["samples"]["train"].append(["../../secret.jpg", 0])
    file.write_text(json.dumps(values), encoding="utf-8")
    manifest = read_manifest(file, dataset.root)
    assert manifest is not None
    found = compare(manifest, list_files(dataset.root))
    assert found.missing == ("../../secret.jpg",)
    assert not found.is_untouched


def test_a_table_is_remembered(colours: Path, file: Path) -> None:
    table = colours / "which shows what.csv"
    table.write_text(
        "file,labels\nred/0.png,a;b\nred/1.png,\nblue/0.jpg,b\n", encoding="utf-8"
    )
    dataset = scan(table, IMAGE_CLASSIFICATION)
    written(dataset, file)
    read = read_manifest(file, colours)
    assert read is not None
    assert read.dataset == dataset
    assert read.dataset.source == table
    assert moved(read, Path("/x"), {}).dataset.source == Path("/x") / table.name
    values = json.loads(file.read_text(encoding="utf-8"))
    for labels in ([0, 0], [0, 2], [-1, 0], ["0"], []):
        values["samples"]["train"][0][1:] = labels
        file.write_text(json.dumps(values), encoding="utf-8")
        assert read_manifest(file, colours) is None, labels
    values["samples"]["train"][0][1:] = [0, 1]
    file.write_text(json.dumps(values | {"table": "../x.csv"}), encoding="utf-8")
    assert read_manifest(file, colours) is None
