import os
from pathlib import Path

import pytest

from tlgui.core.errors import TlguiError
from tlgui.core.project_paths import (
    inside,
    is_plain_name,
    new_project_folder,
    project_around,
    read_json,
    tidy_name,
)


@pytest.mark.parametrize("name", ["one", "Run 1", "测试", "a.b", "..a", " ", "a" * 99])
def test_plain_names_are_taken(name: str) -> None:
    assert is_plain_name(name)
    assert inside(Path("/p"), "runs", name) == Path("/p/runs") / name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../a", "/a", "a/", "a/b", "\\a", "a\\b", "C:", "C:a", "\0"]
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert not is_plain_name(name)
    with pytest.raises(TlguiError, match="not a name inside"):
        inside(Path("/p"), "runs", name)


def test_links_are_refused_wherever_they_stand(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "a.tlgui", tmp_path / "elsewhere"
    elsewhere.mkdir()
    project.mkdir()
    (project / "runs").symlink_to(elsewhere, target_is_directory=True)
    for names in (("runs",), ("runs", "one")):
        with pytest.raises(TlguiError, match="is a link to another place"):
            inside(project, *names)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes to name")
def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a plain file"):
        read_json(tmp_path / "pipe")
    (tmp_path / "file").write_text("{}", encoding="utf-8")
    assert read_json(tmp_path / "file") == {}


@pytest.mark.parametrize(
    ("wished", "made"),
    [
        ("my photos", "my photos"),
        ("蚂蚁", "蚂蚁"),
        ("a/b:c", "a b c"),
        ("...", "project"),
        ("", "project"),
        (".hidden. ", "hidden"),
    ],
)
def test_wished_names_become_folder_names(wished: str, made: str) -> None:
    assert tidy_name(wished) == made


def test_long_names_fit_every_disk() -> None:
    name = tidy_name("字" * 300)
    assert 150 < len(name.encode("utf-8")) <= 200
    assert set(name) == {"字"}


def test_new_projects_find_a_free_place(tmp_path: Path) -> None:
    assert new_project_folder(tmp_path, "a").name == "a.tlgui"
    (tmp_path / "a.tlgui").mkdir()
    (tmp_path / "a 2.tlgui").symlink_to(tmp_path / "nowhere")
    assert new_project_folder(tmp_path, "a").name == "a 3.tlgui"


def test_a_run_folder_knows_its_project(tmp_path: Path) -> None:
    run = tmp_path / "a.tlgui" / "runs" / "one"
    run.mkdir(parents=True)
    assert project_around(run) is None
    (tmp_path / "a.tlgui" / "project.json").touch()
    assert project_around(run) == tmp_path / "a.tlgui"
    assert project_around(tmp_path) is None
