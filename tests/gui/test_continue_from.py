"""Continuing from a run of the project: real folders, a scripted engine."""

import dataclasses
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedReader, a_dataset, a_start
from tests.gui.test_runs_page import CLICK, CONTROL, SPECS, click, column
from tests.gui.test_runs_page import page as page
from tests.gui.test_runs_page import project as project
from tlgui import paths
from tlgui.core.project import Project, RunEntry
from tlgui.core.project_folder import create_project, read_project
from tlgui.core.run import create_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import StartingPoint
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.runs_model import Column
from tlgui.gui.runs_page import RunsPage
from tlgui.gui.session import Session, Status
from tlgui.worker.project_files import ProjectFiles


@pytest.fixture
def continuing(page: RunsPage, projects: ProjectSession) -> RunsPage:
    page.continuing.asked.connect(projects.starts.continue_from)
    return page


def at(project: Path, name: str, class_names: tuple[str, ...]) -> StartingPoint:
    point = a_start(name, class_names)
    return dataclasses.replace(point, folder=project / "runs" / name)


def test_the_finished_runs_are_offered_with_their_names(
    page: RunsPage, session: Session, reader: ScriptedReader, project: Path
) -> None:
    runs = project / "runs"
    assert set(reader.starts_asked[-1]) == {str(runs / "a"), str(runs / "b")}
    points = [at(project, name, ("ants",)) for name in "ab"]
    reader.starting_points_read.emit(tuple(points), "")
    assert [own.title for own in session.starts.models] == ["Run 2", "Run 1"]
    assert [own.starred for own in session.starts.models] == [True, False]


def test_only_a_run_with_a_model_can_be_continued_from(continuing: RunsPage) -> None:
    button = continuing.continuing.button
    assert not button.isEnabled(), "none is chosen"
    click(continuing, 1, Column.NAME)
    assert not button.isEnabled()
    assert "no model" in button.toolTip()
    click(continuing, 0, Column.NAME)
    assert button.isEnabled()
    assert "F4" in button.toolTip()
    click(continuing, 2, Column.NAME, CONTROL)
    assert not button.isEnabled(), "two are chosen"


@pytest.mark.parametrize("way", ["button", "key", "menu"])
def test_continuing_fills_in_the_settings_and_the_start(
    continuing: RunsPage,
    session: Session,
    projects: ProjectSession,
    reader: ScriptedReader,
    project: Path,
    way: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session.dataset = a_dataset()
    pages: list[str] = []
    sentences: list[str] = []
    projects.page_asked.connect(pages.append)
    session.noticed.connect(sentences.append)
    point = at(project, "b", ("ants", "wasps"))
    reader.starting_points_read.emit((point,), "")
    click(continuing, 0, Column.NAME)
    if way == "button":
        QTest.mouseClick(continuing.continuing.button, CLICK)
    elif way == "key":
        QTest.keyClick(continuing.table, Qt.Key.Key_F4)
    else:
        menus: list[QMenu] = []
        monkeypatch.setattr(QMenu, "popup", lambda menu, place: menus.append(menu))
        continuing.table.customContextMenuRequested.emit(QPoint(5, 5))
        texts = {action.text(): action for action in menus[0].actions()}
        texts["Continue from here"].trigger()
        menus[0].deleteLater()
    assert pages == ["training"]
    assert sentences == [
        "Starts from “Run 2”. Choose what to change, then train. It knows ants "
        "already; new to it: bees. Not among your photos, so it will no longer say: "
        "wasps."
    ]
    expected = dataclasses.replace(SPECS["b"], start=str(point.folder))
    assert session.spec == dataclasses.replace(expected, data=session.spec.data)
    assert session.starts.chosen is not None
    assert session.starts.chosen.point == point
    assert session.status is Status.IDLE


def test_the_sentence_waits_for_the_disk(
    qtbot: QtBot,
    continuing: RunsPage,
    session: Session,
    reader: ScriptedReader,
    project: Path,
) -> None:
    click(continuing, 2, Column.NAME)
    with qtbot.assertNotEmitted(session.noticed):
        QTest.mouseClick(continuing.continuing.button, CLICK)
    with qtbot.waitSignal(session.noticed) as told:
        reader.starting_points_read.emit((at(project, "a", ("ants",)),), "")
    assert "“Run 1”" in told.args[0]
    with qtbot.assertNotEmitted(session.noticed):
        reader.starting_points_read.emit((at(project, "a", ("ants",)),), "")


def started_from(project: Path, name: str, start: str) -> None:
    spec = TrainingSpec(data="/p", start=start)
    create_run(project / "runs" / name, spec, ["ants", "bees"])


def test_the_table_says_what_a_run_started_from(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession, project: Path
) -> None:
    started_from(project, "d", str(project / "runs" / "b"))
    blocks = dataclasses.replace(SPECS["b"], start="/models/keras_model")
    create_run(project / "runs" / "e", blocks, ["ants", "bees"])
    started_from(project, "f", "/home/me/wasps.tlgui/runs/2026")
    with qtbot.waitSignal(projects.runs.changed, timeout=10_000):
        projects.runs._files.request_runs()
    shown = dict(
        zip(column(page, Column.NAME), column(page, Column.STRATEGY), strict=True)
    )
    assert shown["d"] == "from Run 2"
    assert shown["e"] == "from keras_model"
    assert shown["f"] == "from wasps, 2026"
    place = page.sorted.index(page.sorted.row_of("e"), Column.STRATEGY)
    assert "the head alone, then the unfrozen blocks" in place.data(
        Qt.ItemDataRole.ToolTipRole
    )
    assert shown["Run 1"] == "–"


def open_with_start(
    qtbot: QtBot, projects: ProjectSession, folder: Path, start: str
) -> None:
    """Opens a project whose next training is to start from somewhere."""
    spec = TrainingSpec(data="", start=start)
    create_project(folder, Project(spec=spec, runs=(RunEntry("a", "Run 1"),)))
    create_run(folder / "runs" / "a", SPECS["a"], ["ants", "bees"])
    projects.open(folder)
    qtbot.waitUntil(lambda: projects.state.folder == folder, timeout=10_000)
    qtbot.waitUntil(lambda: not projects.state.is_restoring, timeout=10_000)


def test_a_project_that_was_moved_starts_from_its_own_run(
    qtbot: QtBot, session: Session, projects: ProjectSession, tmp_path: Path
) -> None:
    folder = tmp_path / "moved.tlgui"
    open_with_start(qtbot, projects, folder, "/before/it.tlgui/runs/a")
    assert session.spec.start == str(folder / "runs" / "a")
    projects.state.flush()
    qtbot.waitUntil(
        lambda: read_project(folder).project.spec.start == session.spec.start,
        timeout=10_000,
    )


def test_an_imported_model_comes_back_with_the_project(
    qtbot: QtBot, session: Session, projects: ProjectSession, tmp_path: Path
) -> None:
    start = str(paths.models_dir() / "mine")
    open_with_start(qtbot, projects, tmp_path / "p.tlgui", start)
    assert session.spec.start == start
    projects.state.flush()


@pytest.mark.parametrize("start", ["/etc", "/before/it.tlgui/runs/../../../etc"])
def test_a_project_of_a_stranger_leads_nowhere_else(
    qtbot: QtBot,
    session: Session,
    projects: ProjectSession,
    reader: ScriptedReader,
    files: ProjectFiles,
    tmp_path: Path,
    start: str,
) -> None:
    with qtbot.waitSignal(session.trouble_told, timeout=10_000) as told:
        open_with_start(qtbot, projects, tmp_path / "p.tlgui", start)
    assert start in told.args[0]
    assert session.spec.start == ""
    assert not any(start in asked for asked in reader.starts_asked)
    projects.state.flush()


def test_doing_a_run_again_keeps_what_it_started_from(
    qtbot: QtBot,
    page: RunsPage,
    session: Session,
    projects: ProjectSession,
    project: Path,
) -> None:
    started_from(project, "d", "/before/insects.tlgui/runs/b")
    started_from(project, "e", "/etc")
    with qtbot.waitSignal(projects.runs.changed, timeout=10_000):
        projects.runs._files.request_runs()
    projects.runs.do_again("d")
    assert session.spec.start == str(project / "runs" / "b")
    with qtbot.waitSignal(session.noticed) as told:
        projects.runs.do_again("e")
    assert session.spec.start == ""
    assert "none of this computer’s" in told.args[0]
