"""A good learning rate is looked for, and used only if the person says so."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader, a_dataset
from tlgui.core import events
from tlgui.core.events import Outcome, Stage, StageChanged, Stop
from tlgui.core.rate_finder import RateCurve, make_curve, rising_rates
from tlgui.gui.rate_dialog import RateDialog
from tlgui.gui.rate_plot import RatePlot, rate_text
from tlgui.gui.session import Session
from tlgui.gui.settings_form import SettingsForm
from tlgui.gui.theme import Appearance, apply_theme
from tlgui.worker.jobs import RateFinderJob

LEFT = Qt.MouseButton.LeftButton
Loss = Callable[[float], float]


def falling(rate: float) -> float:
    """Falls around 0.003, and grows from 0.3 on."""
    return 2.3 - 1.8 / (1 + (0.003 / rate) ** 2) + (rate / 0.3) ** 2


def a_curve(loss: Loss = falling, blocks: tuple[str, ...] = ()) -> RateCurve:
    rates = [rate for rate in rising_rates().tolist() if rate < 0.6]
    return make_curve(rates, [loss(rate) for rate in rates], blocks)


def a_test(curve: RateCurve) -> list[events.Event]:
    """All events of a test that ends with a curve."""
    count = len(curve.rates)
    pairs = enumerate(zip(curve.rates, curve.losses, strict=True), start=1)
    steps = [events.RateTested(step, count, *pair) for step, pair in pairs]
    return [*steps, events.RateCurveMade(curve), events.JobEnded(Outcome.COMPLETED)]


@pytest.fixture
def form(qtbot: QtBot, session: Session, reader: ScriptedReader) -> SettingsForm:
    widget = SettingsForm(session)
    qtbot.addWidget(widget)
    widget.show()
    widget.more.setChecked(True)
    qtbot.waitExposed(widget)
    reader.scan_ended.emit(a_dataset(), "")
    return widget


@pytest.fixture
def dialog(form: SettingsForm) -> RateDialog:
    QTest.mouseClick(form.find_rate, LEFT)
    assert form.find_rate.dialog is not None
    return form.find_rate.dialog


def plot_of(qtbot: QtBot, dialog: RateDialog) -> RatePlot:
    """The plot, once it shows the end of the test."""
    qtbot.waitUntil(lambda: dialog.plot is not None and dialog.plot.widget.isVisible())
    qtbot.waitUntil(lambda: not dialog._timer.isActive())
    assert dialog.plot is not None
    return dialog.plot


def close(qtbot: QtBot, dialog: RateDialog, by: QPushButton) -> None:
    with qtbot.waitSignal(dialog.destroyed):
        QTest.mouseClick(by, LEFT)


def test_it_can_be_asked_for_once_there_are_photos(
    qtbot: QtBot, session: Session, reader: ScriptedReader
) -> None:
    form = SettingsForm(session)
    qtbot.addWidget(form)
    assert not form.find_rate.isEnabled()
    assert "Choose a folder" in form.find_rate.toolTip()
    reader.scan_ended.emit(a_dataset(), "")
    assert form.find_rate.isEnabled()
    session.start()
    assert not form.find_rate.isEnabled()
    assert "is training" in form.find_rate.toolTip()


def test_what_is_in_the_way_is_said(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs
) -> None:
    with qtbot.waitSignal(session.trouble_told) as told:
        session.rate_search.start()
    assert "Choose a folder" in told.args[0]
    assert not session.rate_search.is_running
    assert not any(isinstance(job, RateFinderJob) for job in jobs.submitted)


def test_the_rate_is_used_only_when_the_person_says_so(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    job = jobs.submitted[-1]
    assert job == RateFinderJob(session.spec, session.dataset)  # type: ignore[arg-type]
    assert "being tested" in session.trouble()
    assert dialog.bar.isVisible()
    jobs.play(StageChanged(Stage.DOWNLOADING))
    assert dialog.told.text() == "Downloading the pretrained weights…"
    jobs.play(events.ProgressMade(Stage.DOWNLOADING, 2_000_000, 16_000_000))
    assert "2 of 16 MB" in dialog.told.text()
    assert dialog.bar.value() == dialog.bar.maximum() // 8
    jobs.play(StageChanged(Stage.LOADING))
    assert "Getting the first photos ready" in dialog.told.text()
    curve, before = a_curve(), session.spec
    assert curve.suggested is not None
    *steps, made, ended = a_test(curve)
    jobs.play(*steps[:40])
    assert f"step 40 of at most {len(curve.rates)}" in dialog.told.text()
    assert not dialog.use.isVisible()
    jobs.play(*steps[40:], made, ended)
    assert not dialog.bar.isVisible()
    assert f"fastest near {curve.suggested:g}" in dialog.told.text()
    assert "head alone" in dialog.tested.text()
    assert session.spec == before
    assert session.trouble() == ""
    assert session.run.stage is None
    assert dialog.use.text() == f"Use {curve.suggested:g}"
    close(qtbot, dialog, dialog.use)
    assert session.spec.learning_rate == curve.suggested


def test_close_changes_nothing(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    before = session.spec
    jobs.play(*a_test(a_curve()))
    assert dialog.close_button.text() == "Close"
    close(qtbot, dialog, dialog.close_button)
    assert session.spec == before
    assert jobs.stops == []


def test_cancel_stops_the_test(
    qtbot: QtBot, form: SettingsForm, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    assert dialog.close_button.text() == "Cancel"
    close(qtbot, dialog, dialog.close_button)
    assert jobs.stops == [Stop.DROP]
    assert not form.find_rate.isEnabled(), "until the engine has heard of it"
    jobs.play(events.JobEnded(Outcome.STOPPED))
    assert form.find_rate.isEnabled()


def test_trouble_is_told_by_the_window(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    trouble = "None of the files can be read."
    with (
        qtbot.waitSignal(session.trouble_told) as told,
        qtbot.waitSignal(dialog.destroyed),
    ):
        jobs.play(events.JobEnded(Outcome.FAILED, trouble))
    assert told.args == [trouble]
    assert session.occupied() == ""


def test_the_run_that_is_shown_hears_nothing_of_it(
    session: Session, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    jobs.play(StageChanged(Stage.READING), events.Noticed("The disk is full."))
    assert session.run.stage is None
    assert session.run.notices == []
    jobs.play(events.JobEnded(Outcome.STOPPED))


def test_another_rate_is_chosen_in_the_curve(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    curve = a_curve()
    jobs.play(*a_test(curve))
    plot = plot_of(qtbot, dialog)
    assert plot.mark.value() == pytest.approx(np.log10(curve.suggested or 0.0))
    assert "suggested" in plot.mark_label.toPlainText()
    x, y = plot.raw.getData()
    assert len(x) == len(y) == len(curve.rates)
    QTest.keyClick(plot.widget, Qt.Key.Key_Left)
    text = dialog.use.text()
    assert text != f"Use {curve.suggested:g}"
    assert "chosen" in plot.mark_label.toPlainText()
    view = plot.item.getViewBox()
    place = view.mapViewToScene(QPointF(-2.0, 0.5)).toPoint()
    QTest.mouseClick(plot.widget.viewport(), LEFT, pos=QPoint(place.x(), place.y()))
    assert plot.mark.value() == pytest.approx(-2.0, abs=0.05)
    close(qtbot, dialog, dialog.use)
    assert session.spec.learning_rate == pytest.approx(0.01, rel=0.1)


def test_a_curve_that_tells_nothing_suggests_nothing(
    qtbot: QtBot, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    curve = a_curve(lambda rate: 0.7)
    jobs.play(*a_test(curve))
    assert dialog.told.text() == curve.reason
    assert not dialog.use.isVisible()
    plot = plot_of(qtbot, dialog)
    assert not plot.mark.isVisible()
    QTest.keyClick(plot.widget, Qt.Key.Key_Right)
    assert dialog.use.isVisible(), "the person may choose all the same"
    close(qtbot, dialog, dialog.close_button)


def test_losses_that_are_no_numbers_are_survived(
    qtbot: QtBot, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    curve = make_curve([1e-5, 2e-5], [float("nan"), float("nan")])
    steps = [events.RateTested(k, 90, k * 1e-5, float("nan")) for k in (1, 2)]
    end = events.JobEnded(Outcome.COMPLETED)
    jobs.play(*steps, events.RateCurveMade(curve), end)
    assert "after 0 steps" in dialog.told.text()
    qtbot.waitUntil(lambda: dialog.plot is not None)
    qtbot.waitUntil(lambda: not dialog._timer.isActive())
    assert dialog.plot is not None
    assert not dialog.plot.widget.isVisible(), "there is nothing to see"
    assert not dialog.use.isVisible()
    close(qtbot, dialog, dialog.close_button)


def test_blocks_are_named(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    session.change_spec(trainable=("top",))
    jobs.play(*a_test(a_curve(blocks=("top",))))
    assert "chosen blocks" in dialog.tested.text()
    assert "1/20" not in dialog.tested.text()
    close(qtbot, dialog, dialog.close_button)


def test_blocks_that_come_later_learn_at_a_share(
    qtbot: QtBot, session: Session, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    session.change_spec(trainable=("top",))
    jobs.play(*a_test(a_curve()))
    assert "head alone" in dialog.tested.text()
    assert "1/20" in dialog.tested.text()
    close(qtbot, dialog, dialog.close_button)


def test_the_plot_takes_other_colours(
    qtbot: QtBot, qapp: QApplication, jobs: ScriptedJobs, dialog: RateDialog
) -> None:
    jobs.play(*a_test(a_curve()))
    plot = plot_of(qtbot, dialog)
    light = plot.smooth.opts["pen"].color()
    try:
        apply_theme(qapp, Appearance.DARK)
        assert plot.smooth.opts["pen"].color() != light
    finally:
        apply_theme(qapp, Appearance.LIGHT)
    close(qtbot, dialog, dialog.close_button)


def test_rates_are_plain_decimals() -> None:
    assert [rate_text(rate) for rate in (1e-5, 0.0027, 1.0, 10.0)] == [
        "0.00001",
        "0.0027",
        "1",
        "10",
    ]
