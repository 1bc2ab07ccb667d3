"""Seconds and memory beforehand, while blocks are clicked on and off."""

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader, a_dataset
from tlgui.core.costs import Speed
from tlgui.core.events import SpeedMeasured
from tlgui.gui.parameter_bar import ParameterBar
from tlgui.gui.session import Session

# About those of two cores of a server without AVX-512.
SPEED = Speed(8.3e-12, 1.1e-9, 3.5e-11, 9e8)


@pytest.fixture
def bar(qtbot: QtBot, session: Session, reader: ScriptedReader) -> ParameterBar:
    bar = ParameterBar(session)
    qtbot.addWidget(bar)
    bar.resize(400, 120)
    bar.show()
    return bar


def test_nothing_is_foretold_before_anything_is_known(
    bar: ParameterBar, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    assert not bar.cost.isVisible()
    jobs.play(SpeedMeasured(SPEED))
    assert not bar.cost.isVisible(), "there are no photos yet"
    reader.scan_ended.emit(a_dataset(), "")
    assert bar.cost.isVisible()


def test_it_follows_the_choice_of_blocks(
    bar: ParameterBar, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    jobs.play(SpeedMeasured(SPEED))
    assert bar.cost.text() == (
        "On this computer about 5 s in all, with 0.9 GB of memory."
    )
    names = tuple(block.name for block in session.backbone.blocks)
    session.change_spec(trainable=names)
    assert "an epoch and" in bar.cost.text()
    everything = bar.cost.text()
    session.change_spec(epochs=100)
    assert bar.cost.text() != everything
    assert "for each epoch of the learning ones" in bar.cost.toolTip()


def test_a_training_under_way_corrects_it(
    bar: ParameterBar, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    jobs.play(SpeedMeasured(SPEED))
    names = tuple(block.name for block in session.backbone.blocks)
    session.change_spec(trainable=names, epochs=50)
    before = bar.cost.text()
    jobs.play(SpeedMeasured(SPEED.corrected(session.backbone, names, 3.0)))
    assert bar.cost.text() != before
    assert "times the measurement" in bar.cost.toolTip()
