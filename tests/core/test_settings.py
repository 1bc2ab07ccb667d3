import json
from pathlib import Path

import pytest

from tlgui.core.errors import TlguiError
from tlgui.core.settings import (
    RECENT_KEPT,
    AppSettings,
    RecentProject,
    read_settings,
    remembered,
    settings_file,
    write_settings,
)


def test_what_was_written_is_read_again() -> None:
    settings = AppSettings(
        recent_folders=("/a", "/b"),
        recent_projects=(RecentProject("/p.tlgui", 0.5, 20, 2, "/a"),),
        last_project="/p.tlgui",
        draft={"version": 1, "later": [1]},
        appearance="dark",
        geometry="AdnQ",
        runs_dir="/r",
    )
    write_settings(settings, settings_file())
    assert read_settings(settings_file()) == settings


def test_the_first_start_has_the_usual_choices(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "settings.json") == AppSettings()


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "\x00\xff", "null"])
def test_a_damaged_file_is_as_the_first_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(text.encode("latin-1"))
    assert read_settings(file) == AppSettings()


@pytest.mark.parametrize("value", [3, {}, ["/p"], [{}], [{"folder": 1}], [None]])
def test_a_damaged_list_of_projects_is_empty(tmp_path: Path, value: object) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"recent_projects": value, "draft": 3}))
    assert read_settings(file) == AppSettings()


def test_a_damaged_part_of_a_project_costs_only_itself(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    damaged = {"folder": "/p", "best": "x", "samples": "x", "classes": 2, "data": 1}
    file.write_text(json.dumps({"recent_projects": [damaged]}))
    assert read_settings(file).recent_projects == (RecentProject("/p", -1.0, 0, 2),)


def test_one_damaged_field_does_not_cost_the_others(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"appearance": 3, "recent_runs": ["/r", 7], "runs_dir": "/r"}')
    assert read_settings(file) == AppSettings(recent_runs=("/r",), runs_dir="/r")


def test_fields_of_a_newer_version_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"version": 7, "language": "zh", "appearance": "light"}')
    write_settings(read_settings(file), file)
    values = json.loads(file.read_text())
    assert values["version"] == 7
    assert values["language"] == "zh"
    assert values["appearance"] == "light"


def test_the_latest_comes_first_and_the_oldest_goes() -> None:
    recent: tuple[str, ...] = ()
    for index in range(RECENT_KEPT + 2):
        recent = remembered(recent, str(index))
    recent = remembered(recent, "5")
    assert recent == ("5", "9", "8", "7", "6", "4", "3", "2")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TlguiError, match="Cannot write"):
        write_settings(AppSettings(), tmp_path / "file" / "settings.json")
