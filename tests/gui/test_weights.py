"""Models whose weights must be downloaded, and models that are compared."""

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader, a_dataset
from tlgui.core import events
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.events import Outcome, ProgressMade, RankingMade, Stage, Stop
from tlgui.core.ranking import BackboneScore, ranked
from tlgui.core.settings import (
    AppSettings,
    settings_file,
    weights_dir,
    write_settings,
)
from tlgui.gui.model_page import ModelPage
from tlgui.gui.pretrained_weights import PretrainedWeights
from tlgui.gui.session import Session
from tlgui.gui.training_page import TrainingPage
from tlgui.ml.weights_store import Brought
from tlgui.worker.jobs import RankJob, WarmUp

LEFT = Qt.MouseButton.LeftButton
OTHER = find_backbone("efficientnet-v2-b0")


class NoDownloads(QObject):
    """Remembers what was asked, and answers when a test tells it to."""

    progressed = Signal(str, int, int)
    ended = Signal(str, str)
    brought = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def fetch(self, name: str) -> None:
        self.asked.append(name)

    def bring(self, folder: str) -> None:
        self.asked.append(folder)

    def stop(self) -> None:
        self.asked.append("stop")


@pytest.fixture
def downloads(qtbot: QtBot) -> NoDownloads:
    return NoDownloads()


@pytest.fixture
def session(
    jobs: ScriptedJobs, reader: ScriptedReader, downloads: NoDownloads
) -> Session:
    return Session(jobs, reader, downloads)


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> ModelPage:
    page = ModelPage(session)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    return page


def put_weights_there() -> None:
    assert OTHER.published is not None
    weights_dir().mkdir(parents=True)
    (weights_dir() / OTHER.published.name).touch()


def test_all_models_are_a_click_away(page: ModelPage, session: Session) -> None:
    cards = page.cards
    shown = [name for name, card in cards.cards.items() if card.isVisible()]
    assert shown == [n for n, one in CATALOGUE.items() if one.published is None]
    assert cards.more.text() == f"Show all {len(CATALOGUE)} models"
    QTest.mouseClick(cards.more, LEFT)
    assert all(cards.cards[name].isVisible() for name in CATALOGUE)
    QTest.mouseClick(cards.cards[OTHER.name], LEFT)
    QTest.mouseClick(cards.more, LEFT)
    shown = [name for name in CATALOGUE if cards.cards[name].isVisible()]
    assert OTHER.name in shown, "the chosen one stays"
    assert len(shown) == 4


def test_what_is_missing_is_said_and_downloaded(
    page: ModelPage, session: Session, downloads: NoDownloads, jobs: ScriptedJobs
) -> None:
    bar = page.weights
    assert not bar.isVisible()
    session.choose_model(OTHER.name)
    assert bar.isVisible()
    assert (
        "EfficientNetV2B0 is not on this computer yet: about 2" in bar.sentence.text()
    )
    assert "storage.googleapis.com" in bar.sentence.text()
    QTest.mouseClick(bar.download, LEFT)
    assert downloads.asked == [OTHER.name]
    assert bar.stop.isVisible()
    assert not bar.download.isVisible()
    downloads.progressed.emit(OTHER.name, 12_000_000, 24_000_000)
    assert "EfficientNetV2B0: 12 of 24 MB" in bar.sentence.text()
    assert bar.bar.value() == bar.bar.maximum() / 2
    warm_ups = len(jobs.submitted)
    put_weights_there()
    downloads.ended.emit(OTHER.name, "")
    assert not bar.isVisible()
    card = page.cards.cards[OTHER.name]
    assert "✓ on this computer" in card.accessibleDescription()
    assert isinstance(jobs.submitted[-1], WarmUp)
    assert len(jobs.submitted) == warm_ups + 1


def test_a_download_that_fails_says_why_and_can_be_begun_again(
    page: ModelPage, session: Session, downloads: NoDownloads
) -> None:
    bar = page.weights
    session.choose_model(OTHER.name)
    QTest.mouseClick(bar.download, LEFT)
    QTest.mouseClick(bar.stop, LEFT)
    assert downloads.asked == [OTHER.name, "stop"]
    downloads.ended.emit(OTHER.name, "")
    assert bar.download.isVisible(), "what was stopped can go on"
    QTest.mouseClick(bar.download, LEFT)
    downloads.ended.emit(OTHER.name, "https://x.test cannot be had (no answer).")
    assert bar.told.text() == "https://x.test cannot be had (no answer)."
    assert bar.told.property("role") == "bad"
    QTest.mouseClick(bar.download, LEFT)
    assert bar.told.text() == ""


def test_weights_come_from_a_folder_too(
    page: ModelPage, session: Session, downloads: NoDownloads
) -> None:
    session.choose_model(OTHER.name)
    session.weights.bring("/media/stick")
    assert downloads.asked == ["/media/stick"]
    downloads.brought.emit(Brought((), ("x.h5 is damaged. It was left out.",)))
    assert "x.h5 is damaged" in page.weights.told.text()
    downloads.brought.emit(Brought((), ()))
    assert "nothing in this folder that is missing" in page.weights.told.text()
    put_weights_there()
    downloads.brought.emit(Brought(("b0.h5",), ()))
    downloads.ended.emit("", "")
    assert not page.weights.isVisible()


def test_the_time_left_is_told_once_it_is_known(downloads: NoDownloads) -> None:
    now = [0.0]
    weights = PretrainedWeights(downloads, clock=lambda: now[0])
    weights.download(OTHER)
    now[0] = 10.0
    downloads.progressed.emit(OTHER.name, 4_000_000, 24_000_000)
    assert weights.seconds_left() is None
    now[0] = 20.0
    downloads.progressed.emit(OTHER.name, 14_000_000, 24_000_000)
    assert weights.seconds_left() == pytest.approx(10.0)


def scores() -> RankingMade:
    return RankingMade(
        ranked(
            [
                BackboneScore("efficientnet-lite0", 0.95, -0.2, 0.751, 9.0, 200),
                BackboneScore("efficientnet-lite2", 0.96, -0.1, 0.776, 21.0, 200),
            ]
        )
    )


def test_models_are_compared_on_the_photos(
    page: ModelPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    bar, ask = page.comparison, page.cards.compare
    assert not ask.isVisible(), "there is nothing to compare on"
    reader.scan_ended.emit(a_dataset(), "")
    assert ask.isVisible()
    assert not bar.isVisible()
    QTest.mouseClick(ask, LEFT)
    assert bar.isVisible()
    assert not ask.isVisible()
    job = jobs.submitted[-1]
    assert isinstance(job, RankJob)
    assert job.backbones == tuple(f"efficientnet-lite{index}" for index in range(3))
    assert "compared" in session.trouble()
    jobs.play(ProgressMade(Stage.COMPARING, 30, 60))
    assert "30 of 60" in bar.sentence.text()
    jobs.play(scores(), events.JobEnded(Outcome.COMPLETED))
    text = bar.sentence.text()
    assert "Best bet for your photos: EfficientNet-Lite2" in text
    assert "and faster: EfficientNet-Lite0" in text
    assert "LogME -0.100" in bar.exact.text()
    assert "Kendall" in bar.exact.text()
    assert session.trouble() == ""
    reader.scan_ended.emit(a_dataset(Path("/others")), "")
    assert session.comparison.ranking is None
    assert ask.isVisible()
    assert not bar.isVisible()


def test_a_comparison_can_be_stopped(
    page: ModelPage, session: Session, jobs: ScriptedJobs, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    QTest.mouseClick(page.cards.compare, LEFT)
    QTest.mouseClick(page.comparison.stop, LEFT)
    assert jobs.stops == [Stop.DROP]
    jobs.play(events.JobEnded(Outcome.STOPPED))
    assert page.cards.compare.isVisible()
    session.start()
    assert jobs.train_jobs


def test_nothing_of_a_page_is_a_window_of_its_own(
    qtbot: QtBot, qapp: QApplication, session: Session, reader: ScriptedReader
) -> None:
    """What is shown before it has a place on the page would be one."""
    reader.scan_ended.emit(a_dataset(), "")
    session.choose_model(OTHER.name)
    session.change_spec(trainable=("top",))
    before = set(map(id, qapp.topLevelWidgets()))
    pages = [ModelPage(session), TrainingPage(session)]
    for page in pages:
        qtbot.addWidget(page)
    shown = [w for w in qapp.topLevelWidgets() if id(w) not in before and w.isVisible()]
    assert not shown


def test_weights_in_a_folder_that_was_just_chosen_are_seen(
    page: ModelPage, session: Session, tmp_path: Path
) -> None:
    session.choose_model(OTHER.name)
    assert OTHER.published is not None
    (tmp_path / OTHER.published.name).touch()
    session.weights.look()
    assert page.weights.isVisible()
    write_settings(AppSettings(weights_dir=str(tmp_path)), settings_file())
    session.weights.look()
    assert not page.weights.isVisible()


def test_one_thing_at_a_time_is_fetched(
    page: ModelPage, session: Session, downloads: NoDownloads
) -> None:
    session.choose_model(OTHER.name)
    session.weights.bring("/media/stick")
    assert not page.weights.download.isEnabled()
    session.weights.download(OTHER)
    assert downloads.asked == ["/media/stick"]
    downloads.ended.emit("", "")
    assert page.weights.download.isEnabled()
