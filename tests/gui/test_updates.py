"""Looking for a newer version, with a scripted network."""

from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.fakes import NoNetwork
from tlgui.core.updates import Release
from tlgui.gui.settings import Settings
from tlgui.gui.updates import Updates
from tlgui.gui.updates_card import UpdatesCard

LEFT = Qt.MouseButton.LeftButton
NEWER = Release("99.1", "https://x.test/99.1")
OLDER = Release("0.0.1", "https://x.test/0.0.1")


@pytest.fixture
def card(qtbot: QtBot, updates: Updates) -> UpdatesCard:
    made = UpdatesCard(updates)
    qtbot.addWidget(made)
    made.show()
    return made


def test_nothing_is_looked_for_until_a_person_wants_it(
    network: NoNetwork, updates: Updates, settings: Settings, card: UpdatesCard
) -> None:
    updates.look_if_due()
    assert network.looks == 0
    assert not card.by_itself.isChecked()
    card.by_itself.setFocus()
    QTest.keyClick(card.by_itself, Qt.Key.Key_Space)
    assert settings.values.looks_for_updates
    assert network.looks == 1
    QTest.keyClick(card.by_itself, Qt.Key.Key_Space)
    assert not settings.values.looks_for_updates
    updates.look_if_due()
    assert network.looks == 1


def test_it_looks_once_a_week(
    network: NoNetwork, updates: Updates, settings: Settings
) -> None:
    settings.change(looks_for_updates=True)
    network.answered.emit(OLDER, "")
    assert settings.values.looked_for_updates == date.today().isoformat()
    updates.look_if_due()
    assert network.looks == 0
    before = date.today() - timedelta(days=7)
    settings.change(looked_for_updates=before.isoformat())
    updates.look_if_due()
    assert network.looks == 1


def test_a_newer_version_is_told_once_and_not_installed(
    qtbot: QtBot,
    network: NoNetwork,
    updates: Updates,
    card: UpdatesCard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: opened.append(QUrl(url).toString())
    )
    assert not card.page.isVisible()
    with qtbot.waitSignal(updates.found) as told:
        network.answered.emit(NEWER, "")
    assert "Version 99.1" in told.args[0]
    assert NEWER.page in told.args[0]
    assert card.told.text() == "Version 99.1 can be had."
    QTest.mouseClick(card.page, LEFT)
    assert opened == [NEWER.page]


def test_a_look_that_was_asked_for_tells_what_came_of_it(
    qtbot: QtBot, network: NoNetwork, updates: Updates, card: UpdatesCard
) -> None:
    QTest.mouseClick(card.now, LEFT)
    assert (network.looks, card.told.text()) == (1, "Looking…")
    assert not card.now.isEnabled()
    network.answered.emit(None, "https://x.test/news cannot be reached.")
    assert card.told.text() == "https://x.test/news cannot be reached."
    QTest.mouseClick(card.now, LEFT)
    with qtbot.assertNotEmitted(updates.found):
        network.answered.emit(OLDER, "")
    assert card.told.text() == "There is no newer version."


def test_trouble_that_nobody_asked_for_is_not_told(
    network: NoNetwork, updates: Updates, settings: Settings, card: UpdatesCard
) -> None:
    network.answered.emit(None, "https://x.test/news cannot be reached.")
    assert card.told.text() == ""
    assert settings.values.looked_for_updates == "", "the next start looks again"


def test_a_copy_without_an_address_says_so(
    qtbot: QtBot, network: NoNetwork, settings: Settings
) -> None:
    network.source = None
    settings.change(looks_for_updates=True)
    card = UpdatesCard(Updates(network, settings))
    qtbot.addWidget(card)
    card.show()
    assert not card.by_itself.isVisible()
    assert not card.now.isVisible()
    assert settings.values.looks_for_updates, "another copy may have one"
