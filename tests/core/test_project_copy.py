import errno
import os
import shutil
from pathlib import Path

import pytest

from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.project import Project
from tlgui.core.project_copy import copy_project
from tlgui.core.project_folder import create_project
from tlgui.core.project_lock import ProjectLock
from tlgui.core.project_opening import open_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a.tlgui"
    create_project(folder, Project(best=0.5))
    run = folder / "runs" / "one"
    run.mkdir()
    (run / "model.keras").write_bytes(os.urandom(3_000_000))
    (folder / "bin" / "old").mkdir(parents=True)
    return folder


def test_a_copy_is_a_project_of_its_own(project: Path, tmp_path: Path) -> None:
    lock = ProjectLock(project)
    target = tmp_path / "new place" / "b.tlgui"
    told: list[tuple[int, int]] = []
    copy_project(project, target, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 3_000_000
    model = Path("runs") / "one" / "model.keras"
    assert (target / model).read_bytes() == (project / model).read_bytes()
    assert sorted(path.name for path in target.iterdir()) == ["project.json", "runs"]
    assert [path.name for path in target.parent.iterdir()] == ["b.tlgui"]
    found, opened = open_project(target)  # while the other one is held
    assert not opened.read_only
    assert opened.project.best == 0.5
    found.close()
    lock.release()


def test_a_cancelled_copy_leaves_nothing(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "to" / "b.tlgui"
    seen: list[int] = []
    with pytest.raises(Stopped):
        copy_project(
            project, target, lambda done, _: seen.append(done), lambda: len(seen) > 1
        )
    assert seen
    assert not list(target.parent.iterdir())


def test_a_full_disk_leaves_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "to" / "b.tlgui"

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(TlguiError, match="the disk is full") as told:
        copy_project(project, target)
    assert str(target) in str(told.value)
    assert not list(target.parent.iterdir())


def test_too_little_room_is_told_before(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    with pytest.raises(TlguiError, match="found 1 MB"):
        copy_project(project, tmp_path / "b.tlgui")


def test_nothing_is_overwritten(project: Path, tmp_path: Path) -> None:
    (tmp_path / "b.tlgui").mkdir()
    with pytest.raises(TlguiError, match="exists already"):
        copy_project(project, tmp_path / "b.tlgui")
    with pytest.raises(TlguiError, match="lies in it"):
        copy_project(project, project / "runs" / "b.tlgui")


@pytest.mark.skipif(os.name == "nt", reason="making links needs a right there")
def test_links_are_not_followed(project: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "diary.txt").write_text("dear diary", encoding="utf-8")
    (project / "runs" / "link").symlink_to(secret, target_is_directory=True)
    (project / "note.txt").symlink_to(secret / "diary.txt")
    copy_project(project, tmp_path / "b.tlgui")
    assert not [p for p in (tmp_path / "b.tlgui").rglob("*") if p.is_symlink()]
    assert not list((tmp_path / "b.tlgui").rglob("*.txt"))
