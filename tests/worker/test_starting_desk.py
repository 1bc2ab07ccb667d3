"""The reader's answers about models to start from: real folders, a real thread."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.core.test_project_opening import report
from tests.gui.fakes import a_record, an_evaluation
from tlgui import paths
from tlgui.core.run import create_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import ABOUT, WEIGHTS, StartingPoint, write_about
from tlgui.worker.reader import Reader


@pytest.fixture
def reader(qtbot: QtBot) -> Iterator[Reader]:
    made = Reader()
    yield made
    assert made.close()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run."""
    made = create_run(tmp_path / "run", TrainingSpec(data="/p"), ("ants", "bees"))
    made.write_history([a_record(1), a_record(2)])
    made.model_file.write_bytes(b"a model")
    report(made, an_evaluation().to_json())
    return made.folder


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An imported model."""
    monkeypatch.setenv("TLGUI_MODELS_DIR", str(tmp_path / "models"))
    folder = paths.models_dir() / "mine"
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(b"weights")
    about = "152 of 153 layers matched."
    point = StartingPoint(
        folder, "Mine", "efficientnet-lite1", ("cats",), False, report=about
    )
    write_about(folder, point)
    return folder


def ask(
    qtbot: QtBot, reader: Reader, *runs: Path
) -> tuple[tuple[StartingPoint, ...], str]:
    with qtbot.waitSignal(reader.starting_points_read) as read:
        reader.request_starting_points([str(run) for run in runs])
    points, trouble = read.args
    return points, trouble


def test_runs_and_imported_models_are_read(
    qtbot: QtBot, reader: Reader, run: Path, imported: Path
) -> None:
    points, trouble = ask(qtbot, reader, run)
    assert trouble == ""
    assert [(point.folder, point.is_run) for point in points] == [
        (run, True),
        (imported, False),
    ]
    assert points[0].class_names == ("ants", "bees")
    assert points[0].accuracy == pytest.approx(0.75)
    assert points[1].report == "152 of 153 layers matched."


def test_a_run_that_is_gone_is_left_out_without_a_word(
    qtbot: QtBot, reader: Reader, imported: Path
) -> None:
    points, trouble = ask(qtbot, reader, imported.parent / "nowhere")
    assert [point.folder for point in points] == [imported]
    assert trouble == ""


def test_what_is_damaged_is_told_and_the_rest_is_there(
    qtbot: QtBot, reader: Reader, run: Path, imported: Path
) -> None:
    (imported / ABOUT).write_text("[]", encoding="utf-8")
    (run / "labels.json").write_text("{", encoding="utf-8")
    points, trouble = ask(qtbot, reader, run)
    assert points == ()
    assert str(imported) in trouble
    assert str(run) in trouble


def test_an_imported_model_is_removed_and_a_run_never(
    qtbot: QtBot, reader: Reader, run: Path, imported: Path
) -> None:
    with qtbot.waitSignal(reader.starting_points_read) as read:
        reader.request_removal(str(run), [str(run)])
    points, trouble = read.args
    assert len(points) == 2
    assert str(run) in trouble
    assert (run / "model.keras").is_file()
    with qtbot.waitSignal(reader.starting_points_read) as read:
        reader.request_removal(str(imported), [str(run)])
    points, trouble = read.args
    assert [point.folder for point in points] == [run]
    assert trouble == ""
    assert not imported.exists()


def test_a_fault_of_ours_still_shows_the_runs(
    qtbot: QtBot, reader: Reader, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("our mistake")

    monkeypatch.setattr("tlgui.worker.starting_desk.imported_models", fail)
    with qtbot.waitSignal(reader.bug_found) as bug:
        points, trouble = ask(qtbot, reader, run)
    assert "our mistake" in bug.args[0]
    assert [point.folder for point in points] == [run]
    assert trouble == ""
