"""The runs of a project side by side: real folders, clicks and keys."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from tests.core.test_project_opening import report
from tests.core.test_run_lock import hold
from tests.gui.fakes import (
    ScriptedJobs,
    a_dataset,
    a_plan,
    a_record,
    an_evaluation,
)
from tlgui.core import events
from tlgui.core.checkpoint import Checkpoint, Checkpoints
from tlgui.core.events import Outcome
from tlgui.core.history import write_history
from tlgui.core.project import Project, RunEntry
from tlgui.core.project_folder import create_project, read_project, write_project
from tlgui.core.run import create_run
from tlgui.core.spec import TrainingSpec
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.runs_model import Column
from tlgui.gui.runs_page import RunsPage
from tlgui.gui.runs_plot import shortened
from tlgui.gui.runs_style import MOST, style_of
from tlgui.gui.session import Session, Status
from tlgui.gui.theme import DARK, LIGHT
from tlgui.worker.jobs import ResumeJob
from tlgui.worker.project_files import ProjectFiles

CLICK = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
SPECS = {
    "a": TrainingSpec(data="/p", epochs=2),
    "b": TrainingSpec(data="/p", epochs=10, trainable=("block6a", "top")),
    "c": TrainingSpec(
        data="/p", epochs=3, trainable=("top",), strategy="direct", learning_rate=0.5
    ),
    "d": TrainingSpec(data="/p", epochs=3),
}


def add_run(project: Path, name: str, epochs: int, accuracy: float | None) -> None:
    """A run that came to its end; without an accuracy it was dropped."""
    run = create_run(project / "runs" / name, SPECS[name], ["ants", "bees"])
    Checkpoints(run.folder).clear()
    run.write_history([a_record(epoch) for epoch in range(1, epochs + 1)])
    if accuracy is None:
        return
    run.model_file.write_bytes(b"a model")
    values = an_evaluation().to_json()
    values |= {"accuracy": accuracy, "accuracy_interval_95": [accuracy - 0.1, 1.0]}
    report(run, values)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "insects.tlgui"
    entries = (
        RunEntry("a", "Run 1", created="2026-05-01T09:00:00"),
        RunEntry("b", "Run 2", starred=True, created="2026-05-03T09:00:00"),
        RunEntry("c", "Run 10", created="2026-05-02T09:00:00"),
    )
    create_project(folder, Project(runs=entries))
    add_run(folder, "a", 2, 0.95)
    add_run(folder, "b", 10, 0.7)
    add_run(folder, "c", 1, None)
    return folder


@pytest.fixture
def page(
    qtbot: QtBot, session: Session, projects: ProjectSession, project: Path
) -> Iterator[RunsPage]:
    made = RunsPage(session, projects.runs)
    qtbot.addWidget(made)
    made.resize(1_000, 640)
    projects.open(project)
    qtbot.waitUntil(lambda: projects.state.folder == project, timeout=10_000)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    yield made
    projects.state.flush()


def column(page: RunsPage, which: Column) -> list[str]:
    rows = range(page.sorted.rowCount())
    return [str(page.sorted.index(row, which).data()) for row in rows]


def click(page: RunsPage, row: int, which: Column, modifier: object = None) -> None:
    place = page.table.visualRect(page.sorted.index(row, which)).center()
    keys = modifier if modifier is not None else Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(page.table.viewport(), CLICK, keys, place)  # type: ignore[call-overload]


def click_title(page: RunsPage, which: Column) -> None:
    header = page.table.horizontalHeader()
    x = header.sectionViewportPosition(which) + header.sectionSize(which) // 2
    QTest.mouseClick(header.viewport(), CLICK, pos=QPoint(x, header.height() // 2))


def test_a_row_says_what_was_chosen_and_how_good_it_became(page: RunsPage) -> None:
    assert column(page, Column.NAME) == ["Run 2", "Run 10", "Run 1"]  # latest first
    assert column(page, Column.LEARNS) == [
        "2 of 18 blocks",
        "last block",
        "head only",
    ]
    assert column(page, Column.STRATEGY) == ["head first", "all at once", "–"]
    assert column(page, Column.EPOCHS) == ["10", "1 of 3", "2"]
    shares = column(page, Column.ACCURACY)
    assert shares[0].endswith("(60 to 100)")
    assert shares[2].startswith("95.0")
    assert "(" not in shares[1]
    assert column(page, Column.TIME) == ["9.5 s", "2.0 s", "9.5 s"]
    assert page.count.text() == "3 runs"


def test_a_click_on_a_title_sorts_by_numbers(page: RunsPage) -> None:
    click_title(page, Column.EPOCHS)
    assert column(page, Column.EPOCHS) == ["1 of 3", "2", "10"]
    click_title(page, Column.EPOCHS)
    assert column(page, Column.EPOCHS) == ["10", "2", "1 of 3"]
    click_title(page, Column.ACCURACY)
    assert column(page, Column.NAME) == ["Run 10", "Run 2", "Run 1"]


def test_f2_gives_another_name(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession, project: Path
) -> None:
    click(page, 0, Column.DATE)
    QTest.keyClick(page.table, Qt.Key.Key_F2)
    (field,) = page.table.findChildren(QLineEdit)
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert field.text() == ""
    QTest.keyClicks(field, "  Mit  Vorbehalt ")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: column(page, Column.NAME)[0] == "Mit Vorbehalt")
    projects.state.flush()
    qtbot.waitUntil(
        lambda: read_project(project).project.entry("b").name == "Mit Vorbehalt",
        timeout=10_000,
    )
    assert (project / "runs" / "b").is_dir()


def test_a_click_on_the_star_marks(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession, project: Path
) -> None:
    assert column(page, Column.STAR) == ["★", "☆", "☆"]
    click(page, 1, Column.STAR)
    click(page, 0, Column.STAR)
    assert column(page, Column.STAR) == ["☆", "★", "☆"]
    qtbot.waitUntil(
        lambda: read_project(project).project.entry("c").starred, timeout=10_000
    )


def test_several_runs_are_laid_over_each_other(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession
) -> None:
    qtbot.waitUntil(lambda: page.plot.canvas is not None, timeout=30_000)
    click(page, 0, Column.DATE)
    assert len(page.plot.plots[0].runs) == 1
    click(page, 2, Column.DATE, SHIFT)
    assert projects.runs.compared == ("b", "c", "a")
    loss, accuracy = page.plot.plots
    assert [len(line.getData()[0]) for line in loss.runs] == [10, 1, 2]
    expected = [100 * a_record(epoch).val_accuracy for epoch in (1, 2)]
    assert list(accuracy.runs[2].getData()[1]) == pytest.approx(expected)
    pens = [line.opts["pen"] for line in loss.runs]
    assert len({pen.color().name() for pen in pens}) == 3
    assert len({tuple(pen.dashPattern()) for pen in pens}) == 3
    rows = range(page.sorted.rowCount())
    icons = [page.sorted.index(row, Column.NAME).data(1) for row in rows]
    assert all(icon is not None for icon in icons)
    click(page, 1, Column.DATE)
    assert [len(line.getData()[0]) for line in loss.runs] == [1]


def test_the_mouse_reads_the_values_of_an_epoch(qtbot: QtBot, page: RunsPage) -> None:
    qtbot.waitUntil(lambda: page.plot.canvas is not None, timeout=30_000)
    page.table.selectAll()
    loss, accuracy = page.plot.plots
    for epoch, names in ((2, ["Run 2", "Run 1"]), (9, ["Run 2"])):
        view = loss.item.getViewBox()
        place = view.mapViewToScene(QPointF(epoch, 0.1))
        page.plot.canvas.scene().sigMouseMoved.emit(place)
        text = loss.reading.toPlainText()
        assert f"Epoch {epoch}" in text
        assert text.count("Run ") == len(names)
        assert all(f"{name}: {a_record(epoch).val_loss:.4g}" in text for name in names)
        assert accuracy.reading.isVisible()
    page.plot.canvas.scene().sigMouseMoved.emit(QPointF(-5, -5))
    assert not loss.reading.isVisible()
    assert shortened("a name that is far too long") == "a name that is…"


def test_what_is_compared_comes_back(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession, project: Path
) -> None:
    click(page, 0, Column.DATE)
    click(page, 2, Column.DATE, CONTROL)
    projects.open(project)
    with qtbot.waitSignal(projects.state.moved):
        pass
    assert page.table.chosen() == ("b", "a")


def test_the_sorting_comes_back(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession, project: Path
) -> None:
    click_title(page, Column.ACCURACY)
    names = column(page, Column.NAME)
    projects.open(project)
    with qtbot.waitSignal(projects.state.moved):
        pass
    assert projects.runs.sorting == ("accuracy", False)
    assert column(page, Column.NAME) == names


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_styles_differ_without_colour_and_show_on_the_card(theme: object) -> None:
    assert theme in (LIGHT, DARK)
    chosen = DARK if theme is DARK else LIGHT
    styles = [style_of(place, chosen) for place in range(MOST)]
    assert len({style.dashes for style in styles}) == MOST
    assert len({style.symbol for style in styles}) == MOST
    assert all(contrast(style.colour, chosen.card) >= 3 for style in styles)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_do_this_again_fills_in_the_settings(
    qtbot: QtBot, page: RunsPage, session: Session, projects: ProjectSession
) -> None:
    session.change_spec(seed=7)
    click(page, 1, Column.NAME)
    with qtbot.waitSignals([projects.page_asked, session.noticed]):
        QTest.mouseClick(page.again_button, CLICK)
    assert session.spec == dataclasses.replace(SPECS["c"], data=session.spec.data)
    assert session.spec.data == ""


def interrupt(project: Path, name: str) -> Path:
    """Leaves a checkpoint as a killed training does; returns the run folder."""
    run = project / "runs" / name
    Checkpoints(run).write(Checkpoint({"epoch": 1}, {"head/0": np.zeros(2)}))
    return run


def test_an_interrupted_run_goes_on(
    qtbot: QtBot,
    page: RunsPage,
    session: Session,
    projects: ProjectSession,
    project: Path,
    jobs: ScriptedJobs,
) -> None:
    click(page, 1, Column.NAME)
    assert page.table.chosen() == ("c",)
    assert page.going_on.same.isHidden(), "it was stopped and dropped"
    interrupt(project, "c")
    with qtbot.waitSignal(projects.runs.changed, timeout=10_000):
        projects.runs._files.request_runs()
    session.dataset = a_dataset()
    assert page.going_on.same.isVisible()
    with qtbot.waitSignal(projects.page_asked) as asked:
        QTest.mouseClick(page.going_on.same, CLICK)
    assert asked.args == ["training"]
    assert session.status is Status.RUNNING
    assert session.spec == dataclasses.replace(SPECS["c"], data=session.spec.data)
    job = jobs.submitted[-1]
    assert isinstance(job, ResumeJob)
    assert job.run == str(project / "runs" / "c")
    assert job.dataset is session.dataset
    plan = dataclasses.replace(a_plan(3), run=job.run)
    jobs.play(plan)
    assert projects.runs.name("c") == "Run 10", "it keeps its name"
    jobs.play(events.JobEnded(Outcome.FAILED, trouble="The disk is full."))


def test_opening_a_project_tells_of_an_interrupted_run(
    qtbot: QtBot, session: Session, projects: ProjectSession, project: Path
) -> None:
    interrupt(project, "c")
    with qtbot.waitSignal(session.noticed, timeout=10_000) as told:
        projects.open(project)
    (sentence,) = told.args
    assert "“Run 10” was interrupted after 1 of 3 epochs" in sentence
    projects.state.flush()


def test_opening_a_project_tells_of_a_run_that_had_just_begun(
    qtbot: QtBot, session: Session, projects: ProjectSession, project: Path
) -> None:
    run = interrupt(project, "c")
    shutil.rmtree(run / "checkpoint")
    (run / "checkpoint").mkdir()
    write_history(run / "history.csv", ())
    with qtbot.waitSignal(session.noticed, timeout=10_000) as told:
        projects.open(project)
    (sentence,) = told.args
    assert "“Run 10” was interrupted before its first epoch was over" in sentence
    projects.state.flush()


def test_a_double_click_shows_a_run(
    qtbot: QtBot, page: RunsPage, session: Session, projects: ProjectSession
) -> None:
    click(page, 2, Column.DATE)
    place = page.table.visualRect(page.sorted.index(2, Column.DATE)).center()
    with qtbot.waitSignal(projects.page_asked, timeout=10_000) as asked:
        QTest.mouseDClick(page.table.viewport(), CLICK, pos=place)
    assert asked.args == ["result"]
    assert session.run.folder is not None
    assert session.run.folder.name == "a"
    assert len(session.run.history) == 2
    assert projects.runs.shown == "a"


def test_enter_shows_the_chosen_run(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession
) -> None:
    click(page, 0, Column.DATE)
    with qtbot.waitSignal(projects.page_asked, timeout=10_000):
        QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert projects.runs.shown == "b"


def test_delete_moves_to_the_bin_and_undo_brings_back(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession, project: Path
) -> None:
    click(page, 0, Column.DATE)
    click(page, 1, Column.DATE, CONTROL)
    QTest.keyClick(page.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: column(page, Column.NAME) == ["Run 1"], timeout=10_000)
    assert sorted(p.name for p in (project / "bin").iterdir()) == ["b", "c"]
    assert "(2)" in page.empty_button.text()
    QTest.mouseClick(page.undo_button, CLICK)
    qtbot.waitUntil(lambda: len(column(page, Column.NAME)) == 2, timeout=10_000)
    assert column(page, Column.NAME) == ["Run 10", "Run 1"]
    QTest.keyClick(page.table, Qt.Key.Key_Z, CONTROL)
    qtbot.waitUntil(lambda: len(column(page, Column.NAME)) == 3, timeout=10_000)
    assert column(page, Column.STAR)[0] == "★"  # with its name and its star
    assert not page.undo_button.isVisible()
    qtbot.waitUntil(lambda: not read_project(project).project.bin, timeout=10_000)


def test_the_last_run_can_be_brought_back_too(qtbot: QtBot, page: RunsPage) -> None:
    page.table.selectAll()
    QTest.mouseClick(page.bin_button, CLICK)
    qtbot.waitUntil(page.empty.isVisible, timeout=10_000)
    QTest.mouseClick(page.undo_first, CLICK)
    qtbot.waitUntil(page.table.isVisible, timeout=10_000)


def test_the_run_that_is_shown_leaves_the_window_with_its_folder(
    qtbot: QtBot, page: RunsPage, session: Session, projects: ProjectSession
) -> None:
    projects.runs.show("a")
    qtbot.waitUntil(lambda: session.run.has_result, timeout=10_000)
    click(page, 2, Column.DATE)
    QTest.mouseClick(page.bin_button, CLICK)
    assert not session.run.has_result
    assert session.run.history == []


def test_emptying_the_bin_asks_first(
    qtbot: QtBot, page: RunsPage, project: Path
) -> None:
    click(page, 0, Column.DATE)
    QTest.mouseClick(page.bin_button, CLICK)
    qtbot.waitUntil(page.empty_button.isVisible, timeout=10_000)
    QTest.mouseClick(page.empty_button, CLICK)
    (box,) = page.findChildren(QMessageBox)
    with qtbot.waitSignal(box.destroyed):
        QTest.mouseClick(page.keep_button, CLICK)
    assert (project / "bin" / "b").is_dir()
    QTest.mouseClick(page.empty_button, CLICK)
    QTest.mouseClick(page.delete_button, CLICK)
    qtbot.waitUntil(lambda: not (project / "bin").exists(), timeout=10_000)
    qtbot.waitUntil(lambda: not page.empty_button.isVisible(), timeout=10_000)
    assert (project / "runs" / "a").is_dir()


def test_while_a_model_trains_nothing_is_deleted_or_shown(
    page: RunsPage, session: Session, jobs: ScriptedJobs, projects: ProjectSession
) -> None:
    page.table.selectAll()
    session.status = Status.RUNNING
    session.status_changed.emit()
    jobs.play(dataclasses.replace(a_plan(), run="/runs/elsewhere"))
    for button in (page.show_button, page.again_button, page.bin_button):
        assert not button.isEnabled()
    assert page.rename_action.isEnabled() is False  # three are chosen
    click(page, 0, Column.DATE)
    assert page.rename_action.isEnabled()
    jobs.play(events.JobEnded(Outcome.STOPPED))
    assert page.show_button.isEnabled()


def test_a_project_for_reading_only_is_only_read(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession, project: Path
) -> None:
    projects.open(project, read_only=True)
    qtbot.waitUntil(lambda: projects.state.read_only, timeout=10_000)
    click(page, 0, Column.STAR)
    assert column(page, Column.STAR)[0] == "★"
    QTest.keyClick(page.table, Qt.Key.Key_F2)
    assert not page.table.findChildren(QLineEdit)
    assert not page.bin_button.isEnabled()
    assert page.show_button.isEnabled()


def test_an_empty_project_says_what_will_be_here(
    qtbot: QtBot, session: Session, projects: ProjectSession
) -> None:
    page = RunsPage(session, projects.runs)
    qtbot.addWidget(page)
    page.show()
    assert page.empty.isVisible()
    assert not page.table.isVisible()
    assert not page.undo_first.isVisible()


def test_a_narrow_page_keeps_names_legible(page: RunsPage) -> None:
    for width in (1_000, 600):
        page.resize(width, 500)
        header = page.table.horizontalHeader()
        assert header.sectionSize(Column.NAME) >= 140


def test_a_run_that_leads_elsewhere_is_told(
    qtbot: QtBot,
    session: Session,
    projects: ProjectSession,
    files: ProjectFiles,
    project: Path,
) -> None:
    values = Project(runs=(RunEntry("../../etc"),))
    write_project(project, values)
    with qtbot.waitSignal(session.trouble_told, timeout=10_000) as told:
        projects.open(project)
    assert "../../etc" in told.args[0]
    assert len(projects.runs.runs) == 3


def test_an_interrupted_run_goes_on_with_fewer_photos_at_a_time(
    qtbot: QtBot,
    page: RunsPage,
    session: Session,
    projects: ProjectSession,
    project: Path,
    jobs: ScriptedJobs,
) -> None:
    interrupt(project, "c")
    session.dataset = a_dataset()
    click(page, 1, Column.NAME)
    projects.runs.read_again()
    qtbot.waitUntil(page.going_on.fewer.isVisible, timeout=10_000)
    assert page.going_on.fewer.text() == "Go on with 16 photos at a time"
    QTest.mouseClick(page.going_on.fewer, CLICK)
    job = jobs.submitted[-1]
    assert isinstance(job, ResumeJob)
    assert job.at_once == 16
    jobs.play(events.JobEnded(Outcome.FAILED, trouble="The disk is full."))


def test_a_run_that_trains_elsewhere_is_left_alone(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession, project: Path
) -> None:
    interrupt(project, "c")
    click(page, 1, Column.NAME)
    with hold(project / "runs" / "c") as trainer:
        projects.runs.read_again()
        qtbot.waitUntil(page.going_on.elsewhere.isVisible, timeout=10_000)
        assert page.going_on.elsewhere.text() == "Training in another window"
        assert not page.going_on.same.isVisible()
        assert not page.bin_button.isEnabled()
        assert column(page, Column.EPOCHS)[1] == "1 of 3, training"
        trainer.kill()
        trainer.wait()
        # It is looked at now and then by itself.
        qtbot.waitUntil(page.going_on.same.isVisible, timeout=10_000)
    assert page.bin_button.isEnabled()
    assert not page._timer.isActive()


def test_the_run_of_this_window_trains_here(
    qtbot: QtBot,
    page: RunsPage,
    session: Session,
    projects: ProjectSession,
    project: Path,
    jobs: ScriptedJobs,
) -> None:
    session.dataset = a_dataset()
    session.start()
    jobs.play(dataclasses.replace(a_plan(3), run=str(project / "runs" / "c")))
    with hold(project / "runs" / "c") as trainer:
        projects.runs.read_again()

        def is_in_training() -> bool:
            run = projects.runs.find("c")
            return run is not None and run.in_training

        qtbot.waitUntil(is_in_training, timeout=10_000)
        assert not projects.runs.trains_elsewhere("c")
        trainer.kill()
    jobs.play(events.JobEnded(Outcome.STOPPED))


def test_the_page_takes_what_others_did_meanwhile(
    qtbot: QtBot, page: RunsPage, projects: ProjectSession, project: Path
) -> None:
    page.hide()
    add_run(project, "d", 1, None)
    with qtbot.waitSignal(projects.runs.changed, timeout=10_000):
        page.show()
    qtbot.waitUntil(lambda: len(column(page, Column.NAME)) == 4)
