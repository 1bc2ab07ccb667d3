"""Cycles of widgets are collected on the window's thread only."""

import gc
import threading
import weakref
from collections.abc import Iterator
from typing import ClassVar

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tlgui.gui.garbage import WindowThreadGarbage


def _note() -> None:
    Knot.gone.append(threading.current_thread().name)


class Knot(QObject):
    """Refers to itself, and notes on which thread it went."""

    gone: ClassVar[list[str]] = []

    def __init__(self) -> None:
        super().__init__()
        self.own = self
        weakref.finalize(self, _note)


@pytest.fixture
def garbage(qtbot: QtBot) -> Iterator[WindowThreadGarbage]:
    was_on = gc.isenabled()
    made = WindowThreadGarbage()
    yield made
    made.end()
    if not was_on:
        gc.disable()


def test_other_threads_collect_nothing(
    qtbot: QtBot, garbage: WindowThreadGarbage
) -> None:
    Knot.gone.clear()
    gc.collect()
    Knot()

    def allocate() -> None:
        kept = [[index] for index in range(20_000)]
        assert len(kept) == 20_000

    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    assert not Knot.gone
    kept = [[index] for index in range(20_000)]
    garbage.collect()
    qtbot.waitUntil(lambda: bool(Knot.gone), timeout=5_000)
    assert Knot.gone == [threading.main_thread().name]
    assert kept


def test_python_collects_again_afterwards(qtbot: QtBot) -> None:
    was_on = gc.isenabled()
    made = WindowThreadGarbage()
    assert not gc.isenabled()
    made.end()
    assert gc.isenabled()
    if not was_on:
        gc.disable()
