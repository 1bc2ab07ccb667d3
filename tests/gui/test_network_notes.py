"""What a person says of a network of their own, and the file is read again."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader, an_import
from tlgui.core import events
from tlgui.core.catalogue import DEFAULT_BACKBONE
from tlgui.core.events import Outcome
from tlgui.core.model_notes import ModelNotes
from tlgui.core.network import Network, keep_network, make_network
from tlgui.core.starting_point import StartingPoint
from tlgui.gui.block_picture import BlockPicture
from tlgui.gui.import_view import ImportView
from tlgui.gui.model_page import ModelPage
from tlgui.gui.session import Session
from tlgui.worker.jobs import ImportJob

LEFT = Qt.MouseButton.LeftButton
FILE = Path("/downloads/digits.weights.h5")


@pytest.fixture
def network() -> Network:
    """Flatten and two Dense layers, as far as the window looks at it."""

    def layer(name: str, shape: list[int]) -> dict[str, object]:
        sizes = {"parameters": 100, "trainable_parameters": 100}
        return {"name": name, "kind": "Dense", **sizes, "output_shape": shape}

    blocks = [
        {"name": "dense1", "layers": [layer("dense1_a", [64])]},
        {"name": "dense2", "layers": [layer("dense2_b", [1, 1, 32])]},
    ]
    made = make_network("Own network, 3 layers, 28 × 28", 28, 32, blocks, {})
    keep_network(made)
    return made


def point_of(network: Network, name: str = "digits") -> StartingPoint:
    digits = tuple("0123456789")
    return StartingPoint(
        Path("/models") / name, "digits", network.name, digits, False, report="Read."
    )


def bring(
    session: Session, jobs: ScriptedJobs, reader: ScriptedReader, point: StartingPoint
) -> None:
    jobs.play(events.ModelImported(str(point.folder), 3, 3, point.report))
    jobs.play(events.JobEnded(Outcome.COMPLETED))
    reader.starting_points_read.emit((point,), "")


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> ModelPage:
    page = ModelPage(session)
    qtbot.addWidget(page)
    page.resize(1100, 900)
    with qtbot.waitExposed(page):
        page.show()
    return page


@pytest.fixture
def view(page: ModelPage) -> ImportView:
    return page.own.importing


def test_only_a_network_of_ones_own_asks(
    session: Session,
    jobs: ScriptedJobs,
    reader: ScriptedReader,
    view: ImportView,
    network: Network,
) -> None:
    session.import_model(FILE)
    bring(session, jobs, reader, an_import())
    assert view.use.isVisible()
    assert not view.notes.isVisible()
    session.import_model(FILE)
    bring(session, jobs, reader, point_of(network))
    assert view.notes.isVisible()
    assert "digits” is a network of your own" in view.title.text()
    assert not view.notes.again.isEnabled()


def test_a_file_is_read_again_with_what_was_said(
    session: Session,
    jobs: ScriptedJobs,
    reader: ScriptedReader,
    view: ImportView,
    network: Network,
) -> None:
    session.import_model(FILE)
    first, second = point_of(network), point_of(network, "digits 2")
    bring(session, jobs, reader, first)
    view.notes.pixels.setCurrentText("0..255")
    QTest.keyClicks(view.notes.classes, "zero, one,two")
    QTest.mouseClick(view.notes.again, LEFT)
    said = ModelNotes("0..255", ("zero", "one", "two"))
    assert jobs.import_jobs[-1] == ImportJob(str(FILE), "digits", said)
    assert not view.notes.isVisible()
    jobs.play(events.ModelImported(str(second.folder), 3, 3, second.report))
    jobs.play(events.JobEnded(Outcome.COMPLETED))
    reader.starting_points_read.emit((first,), "")  # what was asked before
    reader.starting_points_read.emit((second, first), "")
    assert reader.removed == [str(first.folder)]
    assert session.starts.fresh == second
    assert session.starts.models == ()
    assert view.notes.notes == said
    assert not view.notes.again.isEnabled()
    reader.starting_points_read.emit((second,), "")
    assert session.starts.fresh == second


def test_what_does_not_fit_leaves_what_was_read_before(
    session: Session,
    jobs: ScriptedJobs,
    reader: ScriptedReader,
    view: ImportView,
    network: Network,
) -> None:
    session.import_model(FILE)
    point = point_of(network)
    bring(session, jobs, reader, point)
    QTest.keyClicks(view.notes.classes, "zero")
    QTest.keyClick(view.notes.classes, Qt.Key.Key_Return)
    assert len(jobs.import_jobs) == 2
    jobs.play(events.JobEnded(Outcome.FAILED, trouble="It has 10 classes."))
    assert session.starts.fresh == point
    assert reader.removed == []
    assert view.notes.isVisible()
    assert view.notes.classes.text() == "zero"
    assert view.notes.again.isEnabled()


def test_a_network_is_chosen_drawn_and_left_again(
    session: Session,
    jobs: ScriptedJobs,
    reader: ScriptedReader,
    page: ModelPage,
    view: ImportView,
    network: Network,
) -> None:
    session.import_model(FILE)
    point = point_of(network)
    bring(session, jobs, reader, point)
    QTest.mouseClick(view.use, LEFT)
    assert session.spec.backbone == network.name
    assert session.spec.start == str(point.folder)
    picture = page.findChild(BlockPicture)
    assert picture is not None
    assert [block.name for block in picture.blocks] == ["dense1", "dense2"]
    assert not picture.grab().isNull()
    page.own.ask_to_remove(point)
    QTest.mouseClick(page.own.remove_button, LEFT)
    assert (session.spec.backbone, session.spec.start) == (DEFAULT_BACKBONE, "")
    assert json.loads(network.content)["title"] == network.title
