"""Several windows remember their choices in one file."""

import json
import subprocess
import sys
import threading
from io import FileIO
from pathlib import Path

import pytest

from tlgui.core import settings_file as settings_file_module
from tlgui.core.errors import TlguiError
from tlgui.core.file_lock import try_lock
from tlgui.core.settings import (
    RECENT_KEPT,
    AppSettings,
    RecentProject,
    read_settings,
    remembered,
    write_settings,
)
from tlgui.core.settings_file import SettingsFile, merge

# Remembers some runs one after the other, as a window does.
REMEMBER = """
import dataclasses, sys
from pathlib import Path
from tlgui.core.settings import remembered
from tlgui.core.settings_file import SettingsFile
kept = SettingsFile(Path(sys.argv[1]))
values = kept.read()
print("read", flush=True)
sys.stdin.readline()
for field, value in [part.split("=") for part in sys.argv[2:]]:
    if field == "recent_runs":
        value = remembered(values.recent_runs, value)
    values = dataclasses.replace(values, **{field: value})
    kept.write(values)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.json"
    before = AppSettings(recent_runs=("/b", "/a"), runs_dir="/r", appearance="light")
    write_settings(before, path)
    return path


def test_two_processes_write_only_what_each_has_changed(file: Path) -> None:
    pipe = subprocess.PIPE
    changes = (
        ["appearance=dark", *(f"recent_runs=/one {n}" for n in range(3))],
        ["geometry=AdnQ", *(f"recent_runs=/two {n}" for n in range(3))],
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", REMEMBER, str(file), *asked],
            stdin=pipe,
            stdout=pipe,
            text=True,
        )
        for asked in changes
    ]
    for process in processes:  # both have read before either writes
        assert process.stdout is not None
        assert process.stdout.readline() == "read\n"
    for process in processes:
        process.communicate("go\n")
        assert process.returncode == 0
    found = read_settings(file)
    assert (found.appearance, found.geometry, found.runs_dir) == ("dark", "AdnQ", "/r")
    assert set(found.recent_runs) == {
        *(f"/{who} {n}" for who in ("one", "two") for n in range(3)),
        "/a",
        "/b",
    }
    assert found.recent_runs[0] == "/two 2", "the latest of all"


def test_a_hundred_writes_at_the_same_time_lose_nothing(file: Path) -> None:
    """Each thread is a window, and changes a field of its own."""
    fields = ("appearance", "geometry", "runs_dir", "last_project")

    def change(field: str) -> None:
        kept = SettingsFile(file)
        values = kept.read()
        for number in range(25):
            values = AppSettings(**{**vars(values), field: f"{field} {number}"})
            kept.write(values)

    threads = [threading.Thread(target=change, args=(field,)) for field in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read_settings(file)
    assert [getattr(found, field) for field in fields] == [f"{f} 24" for f in fields]
    assert found.recent_runs == ("/b", "/a")


def test_what_was_removed_here_is_removed_there() -> None:
    before = AppSettings(recent_runs=("/c", "/b", "/a"))
    ours = AppSettings(recent_runs=("/c", "/a"))
    there = AppSettings(recent_runs=("/d", "/c", "/b", "/a"))
    assert merge(before, ours, there).recent_runs == ("/d", "/c", "/a")


def test_what_came_to_the_front_here_is_first_and_the_oldest_goes() -> None:
    before = AppSettings(recent_runs=tuple(map(str, range(RECENT_KEPT))))
    ours = AppSettings(recent_runs=remembered(before.recent_runs, "5"))
    there = AppSettings(recent_runs=remembered(before.recent_runs, "new"))
    merged = merge(before, ours, there).recent_runs
    assert merged == ("5", "new", "0", "1", "2", "3", "4", "6")


def test_a_project_that_became_better_takes_the_place_of_itself() -> None:
    old, other = RecentProject("/p", 0.5), RecentProject("/q", 0.7)
    before = AppSettings(recent_projects=(old,))
    ours = AppSettings(recent_projects=(RecentProject("/p", 0.9),))
    there = AppSettings(recent_projects=(other, old))
    found = merge(before, ours, there).recent_projects
    assert found == (RecentProject("/p", 0.9), other)


def test_fields_of_a_newer_version_stay(file: Path) -> None:
    kept = SettingsFile(file)
    values = kept.read()
    newer = json.loads(file.read_text()) | {"version": 7, "language": "zh"}
    file.write_text(json.dumps(newer))
    kept.write(AppSettings(**{**vars(values), "appearance": "dark"}))
    found = json.loads(file.read_text())
    assert (found["version"], found["language"]) == (7, "zh")
    assert found["appearance"] == "dark"


def test_what_is_as_it_was_is_not_written(file: Path) -> None:
    kept = SettingsFile(file)
    values = kept.read()
    write_settings(AppSettings(appearance="dark"), file)
    kept.write(values)
    assert read_settings(file).appearance == "dark"


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_file_that_was_damaged_meanwhile_is_written_whole(
    file: Path, text: str
) -> None:
    kept = SettingsFile(file)
    values = AppSettings(**{**vars(kept.read()), "geometry": "AdnQ"})
    file.write_text(text)
    kept.write(values)
    assert read_settings(file) == values


def test_what_could_not_be_written_is_written_the_next_time(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = SettingsFile(file)
    values = AppSettings(**{**vars(kept.read()), "geometry": "AdnQ"})

    def fail(*_: object) -> None:
        raise TlguiError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(settings_file_module, "write_settings", fail)
        with pytest.raises(TlguiError, match="full"):
            kept.write(values)
    kept.write(values)
    assert read_settings(file).geometry == "AdnQ"


def test_a_window_that_stands_still_does_not_hold_up_the_others(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_file_module, "_PATIENCE", 0.05)
    kept = SettingsFile(file)
    values = AppSettings(**{**vars(kept.read()), "geometry": "AdnQ"})
    with FileIO(file.with_suffix(".lock"), "a") as stream:
        assert try_lock(stream.fileno())
        kept.write(values)
    assert read_settings(file).geometry == "AdnQ"
