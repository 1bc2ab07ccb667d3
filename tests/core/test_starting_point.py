"""What a training can go on from is found, told and removed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tlgui import paths
from tlgui.core.errors import TlguiError
from tlgui.core.history import EpochRecord
from tlgui.core.run import create_run
from tlgui.core.spec import TrainingSpec, read_spec
from tlgui.core.starting_point import (
    ABOUT,
    WEIGHTS,
    StartingPoint,
    find_starting_point,
    imported_models,
    open_starting_point,
    remove_imported,
    write_about,
)


def imported(name: str, created: str = "2026-01-01T10:00:00") -> Path:
    folder = paths.models_dir() / name
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(b"x")
    report = "151 of 152 layers matched."
    point = StartingPoint(
        folder, name, "efficientnet-lite0", ("a", "b"), False, -1.0, created, report
    )
    write_about(folder, point)
    assert open_starting_point(folder) == point
    return folder


def test_imported_models_are_listed_newest_first() -> None:
    assert imported_models() == ((), ())
    imported("old", "2025-01-01T10:00:00")
    imported("new")
    broken = imported("broken")
    (broken / WEIGHTS).unlink()
    (paths.models_dir() / ".import-half").mkdir()
    found, (problem,) = imported_models()
    assert [point.title for point in found] == ["new", "old"]
    assert f"{broken} cannot be read (start.weights.npz is missing)" in problem


def test_a_finished_run_is_a_starting_point(tmp_path: Path) -> None:
    run = create_run(tmp_path / "run", TrainingSpec(data="x"), ["ants", "bees"])
    run.write_history([EpochRecord(1, 0.4, 0.9, 0.5, 0.75, 0.001, 1.0)])
    with pytest.raises(TlguiError, match="no finished model"):
        open_starting_point(run.folder)
    run.model_file.write_bytes(b"x")
    point = open_starting_point(run.folder)
    assert point.is_run
    assert (point.title, point.backbone) == ("run", "efficientnet-lite0")
    assert point.class_names == ("ants", "bees")
    assert point.accuracy == 0.75
    assert point.created


def test_neither_a_run_nor_a_model(tmp_path: Path) -> None:
    with pytest.raises(TlguiError, match="found a folder of something else"):
        open_starting_point(tmp_path)
    with pytest.raises(TlguiError, match="found no such folder"):
        open_starting_point(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "change",
    [
        {"version": 9},
        {"title": None},
        {"class_names": "ab"},
        {"class_names": [1]},
        {"backbone": "resnet"},
        {"report": "x" * 5_000},
    ],
)
def test_a_damaged_description_is_told(change: dict[str, Any]) -> None:
    folder = imported("model")
    values = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    (folder / ABOUT).write_text(json.dumps(values | change), encoding="utf-8")
    with pytest.raises(TlguiError):
        open_starting_point(folder)
    (folder / ABOUT).write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(TlguiError, match="import its file again"):
        open_starting_point(folder)


def test_an_imported_model_is_found_by_its_name(tmp_path: Path) -> None:
    folder = imported("my model")
    assert find_starting_point("my model").folder == folder
    assert find_starting_point(str(folder)).folder == folder
    with pytest.raises(TlguiError, match="no such folder"):
        find_starting_point("another")


def test_only_imported_models_are_removed(tmp_path: Path) -> None:
    folder = imported("model")
    other = tmp_path / "precious"
    other.mkdir()
    link = paths.models_dir() / "link"
    link.symlink_to(other)
    for wrong in (other, paths.models_dir(), folder / "..", link, folder / "no"):
        with pytest.raises(TlguiError, match="Expected an imported model"):
            remove_imported(wrong)
    assert other.is_dir()
    remove_imported(folder)
    assert not folder.exists()


def test_a_spec_keeps_its_starting_point(tmp_path: Path) -> None:
    file = tmp_path / "spec.json"
    spec = TrainingSpec(data="x", start=str(tmp_path))
    file.write_text(json.dumps(spec.to_json()), encoding="utf-8")
    assert read_spec(file) == spec
    old = {n: v for n, v in spec.to_json().items() if n != "start"}
    file.write_text(json.dumps(old), encoding="utf-8")
    assert read_spec(file).start == ""


@pytest.mark.parametrize("start", [None, 3, "a\0b"])
def test_a_strange_starting_point_is_told(start: Any) -> None:
    with pytest.raises(TlguiError, match="starting point"):
        TrainingSpec(data="x", start=start).check()
