"""The plotting library, imported in a thread."""

import pytest
from pytestqt.qtbot import QtBot

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
    monkeypatch.setattr(
        PlotLibrary, "_import", lambda self: left.append(next(self._classes, "none"))
    )
    library = PlotLibrary()
    library.load()
    assert not left, "a slice at a time"
    qtbot.waitUntil(lambda: bool(left), timeout=20_000)
    assert left == ["none"]
