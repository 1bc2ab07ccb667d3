import csv
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.gui.fakes import (
    ScriptedJobs,
    ScriptedReader,
    a_dataset,
    a_plan,
    a_record,
    a_run,
    an_evaluation,
)
from tlgui.core import events
from tlgui.core.history import COLUMNS
from tlgui.core.run import Run
from tlgui.core.spec import TrainingSpec
from tlgui.gui.batch_series import MOST_POINTS, BatchSeries, thinned
from tlgui.gui.live_plots import LivePlots
from tlgui.gui.percent import percent
from tlgui.gui.plot_canvas import PlotCanvas
from tlgui.gui.plot_export import PlotFormat
from tlgui.gui.plot_ranges import last_shown, nice_ticks, value_range, whole_step
from tlgui.gui.session import Session

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def plots(qtbot: QtBot, session: Session, reader: ScriptedReader) -> LivePlots:
    widget = LivePlots(session.run)
    qtbot.addWidget(widget)
    widget.resize(600, 420)
    widget.show()
    qtbot.waitExposed(widget)
    reader.scan_ended.emit(a_dataset(), "")
    return widget


def _play(qtbot: QtBot, plots: LivePlots, jobs: ScriptedJobs) -> PlotCanvas:
    """Plays a run of 3 epochs of 4 steps and waits until it is drawn."""
    qtbot.waitUntil(lambda: plots.canvas is not None)
    with qtbot.waitSignal(plots.redrawn):
        jobs.play(*a_run(epochs=3, steps=4))
    assert plots.canvas is not None
    return plots.canvas


def test_before_a_run_the_curves_are_explained(plots: LivePlots) -> None:
    assert plots.empty.isVisible()
    assert not plots.save.isVisible()
    assert not plots.numbers.isVisible()


def test_the_plots_are_made_after_the_first_paint(
    qtbot: QtBot, session: Session
) -> None:
    widget = LivePlots(session.run)
    qtbot.addWidget(widget)
    widget.show()
    assert widget.canvas is None
    qtbot.waitUntil(lambda: widget.canvas is not None)


def test_every_batch_and_epoch_is_a_point(
    qtbot: QtBot, session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    canvas = _play(qtbot, plots, jobs)
    x, y = canvas.loss.batches.getData()
    assert len(x) == 12
    assert x[0] == pytest.approx(0.25)
    assert x[-1] == 3.0
    assert y[0] == session.run.batches[0].loss
    training, validation = canvas.accuracy.lines
    assert list(training.getData()[0]) == [1, 2, 3]
    assert training.getData()[1] == pytest.approx([60, 80, 100 - 40 / 3])
    assert validation.getData()[1] == pytest.approx([50, 75, 100 - 50 / 3])
    assert canvas.widget.isVisible()


def test_curves_differ_without_colour(
    qtbot: QtBot, session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    canvas = _play(qtbot, plots, jobs)
    for plot in canvas.plots:
        styles = [line.opts["pen"].style() for line in plot.lines]
        symbols = [marker.opts["symbol"] for marker in plot.markers]
        assert styles == [Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine]
        assert symbols == ["o", "s"]


def test_the_best_epoch_is_marked(
    qtbot: QtBot, session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    canvas = _play(qtbot, plots, jobs)
    for plot in canvas.plots:
        assert plot.best.isVisible()
        assert plot.best.value() == 3
        assert plot.best_label.toPlainText() == "best: epoch 3"


def test_the_numbers_are_those_of_the_best_and_the_last_epoch(
    session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    worse = replace(a_record(3), val_accuracy=0.6, val_loss=0.7)
    jobs.play(
        a_plan(), *(events.EpochEnded(r) for r in (a_record(1), a_record(2), worse))
    )
    texts = [label.text() for label in plots.numbers.values]
    assert texts == [percent(0.75), percent(0.6), "0.700"]
    assert "epoch 2" in plots.numbers.best.accessibleName()


def test_the_mouse_reads_the_nearest_epoch(
    qtbot: QtBot, session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    canvas = _play(qtbot, plots, jobs)
    view = canvas.loss.item.getViewBox()
    place = view.mapViewToScene(QPointF(1.9, 0.3))
    canvas.widget.scene().sigMouseMoved.emit(place)
    for plot in canvas.plots:
        assert plot.cursor.isVisible()
        assert plot.cursor.value() == 2
    assert canvas.loss.reading.toPlainText().splitlines() == [
        "Epoch 2",
        "Training: 0.45",
        "Validation: 0.5",
    ]
    canvas.widget.scene().sigMouseMoved.emit(QPointF(-5, -5))
    assert not canvas.loss.cursor.isVisible()


def test_arrow_keys_read_too(
    qtbot: QtBot, session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    canvas = _play(qtbot, plots, jobs)
    with qtbot.waitSignal(canvas.read) as read:
        QTest.keyClick(canvas.widget, Qt.Key.Key_Left)
    assert canvas.loss.cursor.value() == 3
    assert "Epoch 3" in read.args[0]
    QTest.keyClick(canvas.widget, Qt.Key.Key_Left)
    assert canvas.loss.cursor.value() == 2
    QTest.keyClick(canvas.widget, Qt.Key.Key_Right)
    QTest.keyClick(canvas.widget, Qt.Key.Key_Right)
    assert canvas.loss.cursor.value() == 3


def test_a_chosen_stretch_stays_until_all_is_wanted_again(
    qtbot: QtBot, session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    canvas = _play(qtbot, plots, jobs)
    assert not plots.show_all.isVisible()
    view = canvas.loss.item.getViewBox()
    view.setXRange(1, 2, padding=0)
    view.sigRangeChangedManually.emit([True, False])
    assert plots.show_all.isVisible()
    plots.redraw()
    assert canvas.accuracy.item.viewRange()[0] == pytest.approx([1, 2], abs=0.1)
    QTest.mouseClick(plots.show_all, Qt.MouseButton.LeftButton)
    assert canvas.accuracy.item.viewRange()[0][1] >= 3
    assert not plots.show_all.isVisible()


def test_plots_stand_side_by_side_where_there_is_width(
    qtbot: QtBot, session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    canvas = _play(qtbot, plots, jobs)

    def tops() -> list[float]:
        return [p.item.sceneBoundingRect().top() for p in canvas.plots]

    qtbot.waitUntil(lambda: tops()[0] == tops()[1])
    plots.resize(500, 900)
    qtbot.waitUntil(lambda: tops()[0] < tops()[1])


def test_it_redraws_only_when_there_is_news(
    qtbot: QtBot, session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    _play(qtbot, plots, jobs)
    with qtbot.assertNotEmitted(plots.redrawn):
        plots.redraw()
    jobs.play(events.EpochEnded(a_record(4)))
    with qtbot.waitSignal(plots.redrawn):
        plots.redraw()


def test_a_new_run_starts_from_nothing(
    qtbot: QtBot, session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    canvas = _play(qtbot, plots, jobs)
    with qtbot.waitSignal(plots.redrawn):
        session.start()
    assert plots.empty.isVisible()
    with qtbot.waitSignal(plots.redrawn):
        jobs.play(a_plan(), events.BatchEnded(1, 1, 4, 0.9, 0.4))
    assert len(canvas.loss.batches.getData()[0]) == 1
    assert not canvas.loss.best.isVisible()


def test_an_opened_run_is_drawn_without_batches(
    qtbot: QtBot, plots: LivePlots, reader: ScriptedReader
) -> None:
    run = Run(Path("/runs/one"), TrainingSpec(data="/photos"), ("ants", "bees"))
    qtbot.waitUntil(lambda: plots.canvas is not None)
    with qtbot.waitSignal(plots.redrawn):
        reader.run_opened.emit(
            run, tuple(a_record(n) for n in (1, 2)), an_evaluation(), ""
        )
    assert plots.canvas is not None
    assert len(plots.canvas.loss.lines[1].getData()[0]) == 2
    assert plots.numbers.isVisible()


def test_values_that_are_no_numbers_do_not_stop_the_drawing(
    qtbot: QtBot, session: Session, plots: LivePlots, jobs: ScriptedJobs
) -> None:
    session.start()
    canvas = _play(qtbot, plots, jobs)
    nan = float("nan")
    jobs.play(
        events.BatchEnded(4, 1, 4, nan, 0.5),
        events.EpochEnded(replace(a_record(4), loss=nan, val_loss=float("inf"))),
    )
    plots.redraw()
    low, high = canvas.loss.item.viewRange()[1]
    assert 0 <= low < high < 5


@pytest.mark.parametrize("kind", list(PlotFormat))
def test_the_course_can_be_saved(
    qtbot: QtBot,
    session: Session,
    plots: LivePlots,
    jobs: ScriptedJobs,
    tmp_path: Path,
    kind: PlotFormat,
) -> None:
    session.start()
    _play(qtbot, plots, jobs)
    file = tmp_path / f"course.{kind}"
    plots.ask_where(kind)
    dialog = plots.findChild(QFileDialog)
    assert dialog is not None
    with qtbot.waitSignal(plots.exported) as exported:
        dialog.fileSelected.emit(str(file))
    dialog.reject()
    assert exported.args == [str(file), ""]
    assert str(file) in plots.told.text()
    assert [path.name for path in tmp_path.glob("course*")] == [file.name]
    _CHECKS[kind](file)


def _check_picture(file: Path) -> None:
    image = QImage(str(file))
    assert image.width() > 1_500
    colours = {
        image.pixelColor(x, y).name()
        for x in range(0, image.width(), 3)
        for y in range(0, image.height(), 3)
    }
    assert {"#ffffff", "#0072b2", "#d55e00"} <= colours


def _check_drawing(file: Path) -> None:
    root = ET.fromstring(file.read_text(encoding="utf-8"))
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {"Loss", "Accuracy (%)", "Epoch", "Training", "best: epoch 3"} <= texts
    assert len(list(root.iter(f"{SVG}circle"))) == 2 * 3 + 1
    lines = [line.get("points", "").split() for line in root.iter(f"{SVG}polyline")]
    assert [len(points) for points in lines] == [12, 3, 3, 12, 3, 3]


def _check_numbers(file: Path) -> None:
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 3


_CHECKS = {
    PlotFormat.PNG: _check_picture,
    PlotFormat.SVG: _check_drawing,
    PlotFormat.CSV: _check_numbers,
}


def test_a_file_that_cannot_be_written_is_told(
    qtbot: QtBot,
    session: Session,
    plots: LivePlots,
    jobs: ScriptedJobs,
    tmp_path: Path,
) -> None:
    session.start()
    _play(qtbot, plots, jobs)
    with qtbot.waitSignal(plots.exported) as exported:
        plots.save_as(PlotFormat.PNG, str(tmp_path / "nowhere" / "course.png"))
    assert "Cannot write" in exported.args[1]
    assert plots.told.property("role") == "bad"


def test_batches_are_placed_between_epochs() -> None:
    series = BatchSeries()
    told = [events.BatchEnded(2, step, 4, 0.5, 0.25) for step in range(1, 5)]
    series.take(told[:2])
    series.take(told)
    assert series.x.tolist() == [1.25, 1.5, 1.75, 2.0]
    assert series.accuracy.tolist() == [25.0] * 4


def test_thinning_keeps_peaks_and_bounds_the_points() -> None:
    x = np.arange(100_000.0)
    y = np.sin(x / 5_000)
    y[51_234] = 50.0
    few_x, few_y = thinned(x, y)
    assert len(few_x) <= MOST_POINTS + 1
    assert few_y.max() == 50.0
    assert np.all(np.diff(few_x) >= 0)
    assert few_x[-1] > 99_800


def test_few_points_are_left_alone() -> None:
    x = np.arange(10.0)
    assert thinned(x, x)[0] is x


@pytest.mark.parametrize(
    ("reached", "planned", "shown"),
    [
        (0.1, 10, 10),
        (0.5, 1000, 10),
        (100.0, 1000, 125),
        (999.0, 1000, 1000),
        (7, 0, 7),
    ],
)
def test_the_right_end_of_the_axis(reached: float, planned: int, shown: float) -> None:
    assert last_shown(reached, planned) == shown


@pytest.mark.parametrize(
    ("least", "step"), [(0.2, 1), (1.4, 2), (3.0, 5), (7.0, 10), (120.0, 200)]
)
def test_ticks_are_at_whole_epochs(least: float, step: int) -> None:
    assert whole_step(least) == step


def test_ticks_of_the_figure_are_round() -> None:
    assert nice_ticks(0.0, 0.9, 6) == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert nice_ticks(50.0, 102.0, 6) == [50, 60, 70, 80, 90, 100]


def test_one_stray_batch_does_not_flatten_the_curves() -> None:
    curve = np.array([1.0, 0.5])
    stray = np.array([0.6] * 50 + [400.0])
    assert value_range((curve, curve), stray, percent=False) == (0.0, 1.12)
    assert value_range((curve, curve), stray[:0], percent=True)[0] == 0.0
