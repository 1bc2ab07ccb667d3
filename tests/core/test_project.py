import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tlgui.core import project_json
from tlgui.core.errors import TlguiError
from tlgui.core.project import PROJECT_VERSION, DataPlace, Project, RunEntry, View
from tlgui.core.project_folder import (
    DAMAGED,
    create_project,
    keep_damaged,
    read_project,
    write_project,
)
from tlgui.core.project_json import project_from_json, project_to_json
from tlgui.core.project_opening import open_project
from tlgui.core.spec import TrainingSpec

FILE = Path("/projects/ants.tlgui/project.json")
FULL = Project(
    created="2026-05-01T10:00:00",
    data=DataPlace("/photos", "../photos", "abc", 20, 2),
    spec=TrainingSpec(data="/photos", epochs=7, trainable=("block7a", "top")),
    view=View("runs", "one", ("one", "two"), "accuracy", False),
    runs=(RunEntry("one", "Erster Lauf", True, "2026-05-01T10:01:00"), RunEntry("two")),
    bin=(RunEntry("three", "测试"),),
    best=0.75,
)


def written(**changes: Any) -> dict[str, Any]:
    """What a file holds, with some of it changed."""
    values: dict[str, Any] = json.loads(json.dumps(project_to_json(FULL)))
    return {**values, **changes}


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "蚂蚁 & пчёлы.tlgui"
    create_project(folder, FULL)
    read = read_project(folder)
    assert read.project == FULL
    assert read.problems == ()
    assert not read.damaged
    assert not read.newer


def test_unknown_fields_are_kept_everywhere(tmp_path: Path) -> None:
    folder = tmp_path / "a.tlgui"
    create_project(folder, FULL)
    values = written(later={"x": [1]})
    for part in ("data", "view", "spec"):
        values[part]["later"] = part
    values["runs"][0]["later"] = "run"
    values["bin"][0]["later"] = "bin"
    (folder / "project.json").write_text(json.dumps(values), encoding="utf-8")
    changed = dataclasses.replace(read_project(folder).project, best=0.8)
    write_project(folder, changed)
    again = json.loads((folder / "project.json").read_text(encoding="utf-8"))
    assert again == {**values, "best": 0.8}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created", 3),
        ("best", "good"),
        ("best", True),
        ("best", 1e300),
        ("view", []),
        ("view", {"page": 1}),
        ("view", {"compared": [1]}),
        ("view", {"descending": "yes"}),
        ("data", "here"),
        ("data", {"root": "/a", "samples": -1}),
        ("data", {"root": "/a", "samples": 1.5}),
        ("runs", {}),
        ("runs", ["one"]),
        ("runs", [{"folder": 1}]),
        ("bin", 7),
        ("spec", None),
        ("spec", {"version": 1, "data": "", "epochs": 0}),
        ("spec", {"version": 1, "data": "", "backbone": "unheard-of"}),
    ],
)
def test_a_field_that_makes_no_sense_costs_only_itself(name: str, value: Any) -> None:
    read = project_from_json(written(**{name: value}), FILE)
    assert read.damaged
    assert all(str(FILE) in problem for problem in read.problems)
    for other in {"created", "data", "spec", "view", "runs", "bin"} - {name}:
        assert getattr(read.project, other) == getattr(FULL, other)


@pytest.mark.parametrize("values", [None, 3, [], {}, {"version": "1"}, {"version": 0}])
def test_what_is_no_project_is_refused(values: Any) -> None:
    with pytest.raises(TlguiError, match="Expected a project in"):
        project_from_json(values, FILE)


@pytest.mark.parametrize(
    "name", ["../../x", "/etc", "..", ".", "", "a/b", "a\\b", "C:x", "C:\\x", "a\0b"]
)
def test_a_run_outside_of_the_project_is_refused(name: str) -> None:
    values = written(runs=[{"folder": name}, {"folder": "one"}], bin=[{"folder": name}])
    read = project_from_json(values, FILE)
    assert [entry.folder for entry in read.project.runs] == ["one"]
    assert read.project.bin == ()
    assert "not a name inside the project" in read.problems[0]
    assert "Ask whoever made the project" in read.problems[0]


def test_a_newer_version_is_opened_for_reading_only(tmp_path: Path) -> None:
    folder = tmp_path / "a.tlgui"
    create_project(folder, FULL)
    text = json.dumps(written(version=PROJECT_VERSION + 1))
    (folder / "project.json").write_text(text, encoding="utf-8")
    found, opened = open_project(folder)
    assert found.read_only
    assert opened.read_only
    assert "newer version" in opened.problems[0]
    assert opened.project.best == 0.75
    found.close()
    assert (folder / "project.json").read_text(encoding="utf-8") == text


def test_every_older_version_has_a_step() -> None:
    assert set(project_json.STEPS) == set(range(1, PROJECT_VERSION))


def test_steps_are_taken_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def first(values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "best": values.pop("accuracy") / 100}

    def second(values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "best": values["best"] / 2}

    monkeypatch.setattr(project_json, "PROJECT_VERSION", 3)
    monkeypatch.setattr(project_json, "STEPS", {1: first, 2: second})
    old = written(version=1, accuracy=50)
    assert project_from_json(old, FILE).project.best == 0.25
    assert project_from_json(written(version=3), FILE).project.best == 0.75


@pytest.mark.parametrize("text", ["", "{", "\x00\xff", "[" * 100_000, "9" * 5_000])
def test_a_damaged_file_is_kept_and_its_runs_are_found(
    tmp_path: Path, text: str
) -> None:
    folder = tmp_path / "a.tlgui"
    create_project(folder, FULL)
    (folder / "project.json").write_bytes(text.encode("latin-1"))
    read = read_project(folder)
    assert read.damaged
    assert str(folder) in read.problems[0]
    keep_damaged(folder)
    write_project(folder, read.project)
    assert (folder / DAMAGED).read_bytes() == text.encode("latin-1")
    assert not read_project(folder).damaged


def test_a_folder_without_its_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TlguiError, match=r"project\.json is missing"):
        read_project(tmp_path)
    with pytest.raises(TlguiError, match="there is none"):
        read_project(tmp_path / "gone.tlgui")


def test_a_new_project_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "a.tlgui").mkdir()
    with pytest.raises(TlguiError, match="exists already"):
        create_project(tmp_path / "a.tlgui", FULL)
    assert not list((tmp_path / "a.tlgui").iterdir())


def test_run_names_are_never_given_twice() -> None:
    entries = (RunEntry("a", "Run 1"), RunEntry("b", "Run 4"), RunEntry("c", "best"))
    project = Project(runs=entries, bin=(RunEntry("d", "Run 2"),))
    assert project.next_run_name("Run {0}") == "Run 5"
    assert Project().next_run_name("Run {0}") == "Run 1"


def test_the_table_of_a_data_set_lies_in_its_folder() -> None:
    place = DataPlace("/photos", table="labels.csv")
    read = project_from_json(project_to_json(Project(data=place)), FILE).project
    assert read.data == place
    assert place.source == Path("/photos/labels.csv")
    assert DataPlace("/photos").source == Path("/photos")
    for stranger in ("../labels.csv", "/etc/passwd", "a/b.csv", ".."):
        assert DataPlace("/photos", table=stranger).source == Path("/photos")
