import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tlgui.core import folder_lock
from tlgui.core.file_lock import LockAnswer
from tlgui.core.project import Project
from tlgui.core.project_folder import create_project
from tlgui.core.project_lock import (
    CannotLockError,
    HeldElsewhereError,
    ProjectLock,
    read_holder,
)
from tlgui.core.project_opening import open_project

HOLD = """
import sys
from pathlib import Path
from tlgui.core.project_lock import ProjectLock
lock = ProjectLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a.tlgui"
    create_project(made, Project())
    return made


@pytest.fixture
def other_window(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the project open."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_window_is_told_who_holds_it(
    folder: Path, other_window: subprocess.Popen[str]
) -> None:
    with pytest.raises(HeldElsewhereError) as refused:
        open_project(folder)
    holder = refused.value.holder
    assert holder is not None
    assert holder.pid == other_window.pid
    assert holder.host == platform.node()
    assert holder.since
    for told in (str(folder), holder.user, holder.host, str(holder.pid)):
        assert told in str(refused.value)


def test_the_second_window_may_read(
    folder: Path, other_window: subprocess.Popen[str]
) -> None:
    found, opened = open_project(folder, read_only=True)
    assert opened.read_only
    assert found.read_only
    holder = read_holder(folder)
    assert holder is not None
    assert holder.pid == other_window.pid


def test_a_lock_left_by_a_killed_window_is_free(
    folder: Path, other_window: subprocess.Popen[str]
) -> None:
    other_window.kill()
    other_window.wait()
    assert read_holder(folder) is not None  # left behind, and no longer believed
    lock = ProjectLock(folder)
    holder = read_holder(folder)
    assert holder is not None
    assert holder.pid == os.getpid()
    lock.release()


def test_a_released_lock_can_be_had_again(folder: Path) -> None:
    first = ProjectLock(folder)
    with pytest.raises(HeldElsewhereError):
        ProjectLock(folder)
    first.release()
    assert read_holder(folder) is None
    ProjectLock(folder).release()


@pytest.mark.parametrize("text", ["", "[]", '{"pid": "x"}', "\x00"])
def test_an_illegible_holder_is_another_window(
    folder: Path, other_window: subprocess.Popen[str], text: str
) -> None:
    (folder / "holder.json").write_text(text, encoding="utf-8")
    with pytest.raises(HeldElsewhereError, match="another window has it"):
        ProjectLock(folder)


def test_where_this_program_may_not_write_it_reads(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder_lock, "FileIO", refuse)
    with pytest.raises(CannotLockError, match="may not write"):
        ProjectLock(folder)
    _, opened = open_project(folder)
    assert opened.read_only
    assert "Save a copy" in opened.problems[0]


@pytest.mark.skipif(os.name == "nt", reason="process numbers are looked up by signals")
def test_on_a_disk_without_locks_the_holders_process_decides(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(descriptor: int) -> LockAnswer:
        return LockAnswer.NO_LOCKS_HERE

    monkeypatch.setattr(folder_lock, "ask_for_lock", no_locks)
    first = ProjectLock(folder)
    with pytest.raises(HeldElsewhereError):
        ProjectLock(folder)
    first.release()
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    text = '{"host": "%s", "user": "u", "since": "s", "pid": %d}'
    dead = text % (platform.node(), gone.pid)
    (folder / "holder.json").write_text(dead, encoding="utf-8")
    ProjectLock(folder).release()
    elsewhere = text % ("another-computer", gone.pid)
    (folder / "holder.json").write_text(elsewhere, encoding="utf-8")
    with pytest.raises(HeldElsewhereError, match="another-computer"):
        ProjectLock(folder)
