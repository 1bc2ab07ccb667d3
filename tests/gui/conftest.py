"""Fixtures for the window: a session whose engine is scripted."""

import gc
from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.fakes import NoNetwork, ScriptedJobs, ScriptedReader
from tlgui.core.settings import AppSettings
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.gui.updates import Updates
from tlgui.worker.project_files import ProjectFiles


@pytest.fixture(autouse=True)
def _widgets_go_on_this_thread() -> Iterator[None]:
    """As in the program (`gui/garbage.py`): no other thread may destroy a widget."""
    was_on = gc.isenabled()
    gc.disable()
    yield
    gc.collect(1)
    if was_on:
        gc.enable()


@pytest.fixture(autouse=True)
def _no_leaked_widgets(qapp: QApplication) -> Iterator[None]:
    """A window that outlives its test fails the test."""
    before = set(map(id, qapp.topLevelWidgets()))
    yield
    qapp.processEvents()
    left = [w for w in qapp.topLevelWidgets() if id(w) not in before and w.isVisible()]
    assert not left, f"windows left behind: {left}"


@pytest.fixture(autouse=True)
def _no_leaked_qthreads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A QThread that still runs after its test fails the test."""
    started: list[QThread] = []
    start = QThread.start

    def noted(thread: QThread, *arguments: QThread.Priority) -> None:
        started.append(thread)
        start(thread, *arguments)

    monkeypatch.setattr(QThread, "start", noted)
    yield
    running = [t for t in started if shiboken6.isValid(t) and not t.wait(2_000)]
    assert not running, f"QThreads left behind: {running}"


@pytest.fixture
def jobs(qtbot: QtBot) -> ScriptedJobs:
    return ScriptedJobs()


@pytest.fixture
def reader(qtbot: QtBot) -> ScriptedReader:
    return ScriptedReader()


@pytest.fixture
def session(jobs: ScriptedJobs, reader: ScriptedReader) -> Session:
    return Session(jobs, reader)


@pytest.fixture
def settings() -> Settings:
    return Settings(AppSettings())


@pytest.fixture
def network(qtbot: QtBot) -> NoNetwork:
    return NoNetwork()


@pytest.fixture
def updates(network: NoNetwork, settings: Settings) -> Updates:
    return Updates(network, settings)


@pytest.fixture
def files(qtbot: QtBot) -> Iterator[ProjectFiles]:
    """The real thread of the projects: it works in folders of the test."""
    made = ProjectFiles()
    yield made
    assert made.close()


@pytest.fixture
def projects(
    session: Session, settings: Settings, files: ProjectFiles
) -> ProjectSession:
    return ProjectSession(session, settings, files)
