"""The plotting library, imported in a thread."""

import threading

import pytest
import shiboken6
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tlgui.gui import plot_library
from tlgui.gui.plot_library import PlotLibrary


def test_it_is_imported_once_and_told(qtbot: QtBot) -> None:
    library = PlotLibrary()
    with qtbot.waitSignal(library.loaded, timeout=20_000):
        library.load()
        library.load()


def test_every_class_of_qt_is_there_before_the_thread_begins(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[object] = []
    library = PlotLibrary()
    classes = library._classes
    monkeypatch.setattr(
        plot_library, "_import", lambda: left.append(next(classes, "none"))
    )
    with qtbot.waitSignal(library.loaded, timeout=20_000):
        library.load()
        assert not left, "a slice at a time"
    assert left == ["none"]


def test_a_page_that_goes_away_does_not_wait_for_the_thread(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert may_end.wait(30.0)

    monkeypatch.setattr(plot_library, "_import", slow)
    page = QWidget()
    library = PlotLibrary(page)
    library.load()
    qtbot.waitUntil(begun.is_set, timeout=20_000)
    page.deleteLater()
    QApplication.sendPostedEvents(page, QEvent.Type.DeferredDelete)
    assert not shiboken6.isValid(library)
    may_end.set()
