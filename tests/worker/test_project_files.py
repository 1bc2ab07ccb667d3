"""The thread of the projects, on real folders."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from tlgui.core.dataset import Dataset
from tlgui.core.errors import Stopped
from tlgui.core.manifest import read_manifest
from tlgui.core.project import Project
from tlgui.core.project_folder import create_project, read_project
from tlgui.core.project_lock import ProjectLock
from tlgui.core.scan import scan
from tlgui.core.settings import AppSettings, read_settings, settings_file
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.worker import project_desk
from tlgui.worker.project_files import ProjectFiles


@pytest.fixture
def files(qtbot: QtBot) -> Iterator[ProjectFiles]:
    made = ProjectFiles()
    yield made
    assert made.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a.tlgui"
    create_project(folder, Project())
    return folder


def test_the_work_is_done_in_a_thread_of_its_own(
    qtbot: QtBot, files: ProjectFiles, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[QThread] = []

    def look(folder: Path) -> tuple[tuple[()], tuple[()]]:
        seen.append(QThread.currentThread())
        return (), ()

    monkeypatch.setattr(project_desk, "list_runs", look)
    files.request_open(str(project))
    with qtbot.waitSignal(files.listed):
        files.request_runs()
    assert seen
    assert seen[0] is not QThread.currentThread()


def test_what_is_queued_is_written_before_the_end(qtbot: QtBot, project: Path) -> None:
    files = ProjectFiles()
    with qtbot.waitSignal(files.opened):
        files.request_open(str(project))
    for share in (0.1, 0.2, 0.3):
        files.write(project, Project(best=share))
    files.write_settings(AppSettings(last_project=str(project)))
    assert files.close()
    assert read_project(project).project.best == 0.3
    assert read_settings(settings_file()).last_project == str(project)
    ProjectLock(project).release()  # it was given back


def test_only_the_open_project_is_written(
    qtbot: QtBot, files: ProjectFiles, project: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.tlgui"
    create_project(other, Project(best=0.5))
    with qtbot.waitSignal(files.opened):
        files.request_open(str(project))
    files.write(other, Project(best=0.9))
    with qtbot.waitSignal(files.written):
        files.write(project, Project(best=0.7))
    assert read_project(other).project.best == 0.5
    assert read_project(project).project.best == 0.7


def test_another_project_gives_the_one_before_back(
    qtbot: QtBot, files: ProjectFiles, project: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.tlgui"
    create_project(other, Project())
    for folder in (project, other):
        with qtbot.waitSignal(files.opened):
            files.request_open(str(folder))
    ProjectLock(project).release()


def test_a_project_that_is_no_more_leaves_the_one_before_open(
    qtbot: QtBot, files: ProjectFiles, project: Path, tmp_path: Path
) -> None:
    with qtbot.waitSignal(files.opened):
        files.request_open(str(project))
    with qtbot.waitSignal(files.refused) as refused:
        files.request_open(str(tmp_path / "gone.tlgui"))
    assert "Expected a project" in refused.args[1]
    with qtbot.waitSignal(files.written):
        files.write(project, Project(best=0.7))
    assert read_project(project).project.best == 0.7


def test_the_data_set_gets_a_manifest_and_a_picture(
    qtbot: QtBot, files: ProjectFiles, project: Path, colours: Path
) -> None:
    dataset: Dataset = scan(colours, IMAGE_CLASSIFICATION)
    with qtbot.waitSignal(files.opened):
        files.request_open(str(project))
    with qtbot.waitSignal(files.data_noted) as noted:
        files.note_data(dataset, None)
    (place,) = noted.args
    manifest = read_manifest(project / "manifest.json", colours)
    assert manifest is not None
    assert place.manifest == manifest.hash
    assert (place.samples, place.classes) == (16, 2)
    assert place.relative == "../colours"
    pixels = IMAGE_CLASSIFICATION.thumbnail(project / "picture.png", 96)
    assert pixels.shape == (40, 56, 3)


def test_a_fault_of_ours_is_told_and_the_thread_goes_on(
    qtbot: QtBot, files: ProjectFiles, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(files.opened):
        files.request_open(str(project))
    with monkeypatch.context() as patched:
        patched.setattr(project_desk, "list_runs", lambda folder: 1 / 0)
        with qtbot.waitSignal(files.bug_found) as found:
            files.request_runs()
    assert "ZeroDivisionError" in found.args[0]
    with qtbot.waitSignal(files.listed):
        files.request_runs()


def test_a_copy_under_way_ends_with_the_window(
    qtbot: QtBot, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = threading.Event()

    def copy_for_ever(source: Path, target: Path, told: object, stop: object) -> None:
        reached.set()
        assert callable(stop)
        while not stop():
            threading.Event().wait(0.001)
        raise Stopped

    monkeypatch.setattr(project_desk, "copy_project", copy_for_ever)
    files = ProjectFiles()
    with qtbot.waitSignal(files.opened):
        files.request_open(str(project))
    files.request_copy(str(tmp_path / "copy.tlgui"))
    assert reached.wait(10)
    assert files.close()


def test_nothing_is_begun_after_the_end(qtbot: QtBot, project: Path) -> None:
    files = ProjectFiles()
    assert files.close()
    files.request_open(str(project))
    ProjectLock(project).release()
    assert files.close()
