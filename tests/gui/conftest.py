"""Fixtures for the window: a session whose engine is scripted."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader
from tlgui.gui.session import Session


@pytest.fixture(autouse=True)
def _no_leaked_widgets(qapp: QApplication) -> Iterator[None]:
    """A window that outlives its test fails the test."""
    before = set(map(id, qapp.topLevelWidgets()))
    yield
    qapp.processEvents()
    left = [w for w in qapp.topLevelWidgets() if id(w) not in before and w.isVisible()]
    assert not left, f"windows left behind: {left}"


@pytest.fixture
def jobs(qtbot: QtBot) -> ScriptedJobs:
    return ScriptedJobs()


@pytest.fixture
def reader(qtbot: QtBot) -> ScriptedReader:
    return ScriptedReader()


@pytest.fixture
def session(jobs: ScriptedJobs, reader: ScriptedReader) -> Session:
    return Session(jobs, reader)
