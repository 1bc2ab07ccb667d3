"""The composition root: the only place that knows everyone."""

import argparse
import logging
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from tlgui import __version__, app_start, logs, paths
from tlgui.core.demo import demo_folder, demo_spec
from tlgui.core.errors import TlguiError
from tlgui.core.project_paths import PROJECT, SUFFIX, is_project, project_around
from tlgui.core.run import SPEC
from tlgui.core.settings import settings_file
from tlgui.core.settings_file import SettingsFile
from tlgui.core.updates import find_source
from tlgui.gui.garbage import WindowThreadGarbage
from tlgui.gui.main_window import TRAINING, MainWindow
from tlgui.gui.project_session import ProjectSession
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.gui.theme import Appearance, apply_theme
from tlgui.gui.updates import Updates
from tlgui.worker.project_files import ProjectFiles
from tlgui.worker.reader import Reader
from tlgui.worker.update_check import UpdateCheck
from tlgui.worker.weights_fetcher import WeightsFetcher
from tlgui.worker.worker import Worker

_log = logging.getLogger("tlgui")
DEMO = "demo"
_UPDATES_AFTER = 20_000


def main(arguments: Sequence[str]) -> int:
    """Opens the window.

    Args:
        arguments: nothing, a project, a folder of photos, a run folder, or `demo`.

    Returns:
        The exit code.
    """
    options = _parse(arguments)
    if not app_start.has_display():
        return app_start.go_on_without_display(demo=options.path == DEMO)
    logs.start_log(logs.WINDOW, aloud=True)
    application = _make_application()
    kept = SettingsFile(settings_file())
    settings = Settings(kept.read())
    apply_theme(application, _appearance(settings))
    studio = Studio(settings, kept)
    studio.window.show()
    # The engine's process and everything slow start after the first paint.
    QTimer.singleShot(0, studio.begin)
    if options.path == DEMO:
        studio.open_demo()
    elif options.path:
        studio.open(Path(options.path).absolute())
    else:
        studio.projects.open_last()
    code: int = application.exec()
    studio.end()
    return code


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tlgui")
    parser.add_argument("path", nargs="?", metavar="PROJECT or FOLDER")
    parser.add_argument("--version", action="version", version=f"tlgui {__version__}")
    return parser.parse_args(arguments)


def _make_application() -> QApplication:
    application = QApplication(sys.argv[:1])
    application.setApplicationName("tlgui")
    application.setApplicationDisplayName(paths.APP_NAME)
    application.setDesktopFileName("tlgui")
    application.setWindowIcon(QIcon(str(paths.resource_dir() / "icons" / "tlgui.svg")))
    return application


def _appearance(settings: Settings) -> Appearance:
    try:
        return Appearance(settings.values.appearance)
    except ValueError:  # of another version
        return Appearance.SYSTEM


class Studio(QObject):
    """Puts worker, reader, session and window together, and takes them apart.

    Signals:
        demo_written(str, str): the demonstration's folder, or "" and a sentence.
    """

    demo_written = Signal(str, str)

    def __init__(self, settings: Settings, kept: SettingsFile) -> None:
        super().__init__()
        self.settings = settings
        self._kept = kept
        self.reader = Reader()
        spec = demo_spec(Path())
        self.worker = Worker(spec.backbone)
        self.fetcher = WeightsFetcher()
        self.session = Session(self.worker, self.reader, self.fetcher)
        if settings.values.runs_dir:
            self.session.runs_dir = Path(settings.values.runs_dir)
        self.project_files = ProjectFiles(kept)
        self.project_files.settings_written.connect(self.session.weights.look)
        self.projects = ProjectSession(self.session, settings, self.project_files)
        self.update_check = UpdateCheck(find_source())
        self.updates = Updates(self.update_check, settings)
        self.window = MainWindow(self.session, settings, self.projects, self.updates)
        for part in (self.reader, self.update_check, self.fetcher):
            part.bug_found.connect(self.session.bug_found)
        self._garbage = WindowThreadGarbage(self)
        self._faults = app_start.Faults(self)
        self._faults.found.connect(self.session.bug_found)
        self._signals = app_start.Signals(self)
        self._signals.arrived.connect(self._on_signal)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.commitDataRequest.connect(self._on_session_ends)
        self._has_begun_demo = False
        self.demo_written.connect(self._on_demo_written)
        self.window.closed.connect(self._on_closed)

    @Slot()
    def begin(self) -> None:
        """Starts the engine; the window is on the screen."""
        self.worker.start()
        # News can wait until nobody waits for anything.
        QTimer.singleShot(_UPDATES_AFTER, self.updates.look_if_due)

    def open(self, path: Path) -> None:
        """Opens a project (its file serves too), a folder of photos or a run folder."""
        if path.name == PROJECT:  # what a desktop knows as a project is a file
            path = path.parent
        around = project_around(path)
        if is_project(path) or path.suffix == SUFFIX:
            self.projects.open(path)
        elif around is not None:
            self.projects.open(around, run=path.name)
        elif (path / SPEC).is_file():
            self.session.open_run(path)
        else:
            self.session.open_folder(path)

    def open_demo(self) -> None:
        """Fine-tunes on the demonstration's pictures, live."""
        threading.Thread(target=self._write_demo, name="demo", daemon=True).start()

    def end(self) -> None:
        """Ends threads and engine, and writes the project and the settings."""
        self.projects.close()
        self.worker.close()
        self.reader.close()
        self._signals.end()
        self._garbage.end()
        try:
            self._kept.write(self.settings.values)
        except TlguiError as error:
            _log.warning("%s", error)

    def _write_demo(self) -> None:
        try:
            folder = demo_folder(paths.cache_dir() / "demo")
        except TlguiError as error:
            self.demo_written.emit("", str(error))
        else:
            self.demo_written.emit(str(folder), "")

    @Slot(str, str)
    def _on_demo_written(self, folder: str, trouble: str) -> None:
        if trouble:
            self.session.trouble_told.emit(trouble)
            return
        # Queued: a project is all there when it is told of its data set.
        queued = Qt.ConnectionType.QueuedConnection
        self.session.dataset_changed.connect(self._start_demo, queued)
        for recent in self.settings.values.recent_projects:
            if recent.data == folder:
                self.projects.open(Path(recent.folder))
                return
        self.session.open_folder(Path(folder))

    @Slot()
    def _start_demo(self) -> None:
        dataset = self.session.dataset
        if dataset is None or self._has_begun_demo:
            return
        self._has_begun_demo = True
        self.session.dataset_changed.disconnect(self._start_demo)
        spec = demo_spec(dataset.root)
        self.session.change_spec(
            epochs=spec.epochs,
            augmentation=spec.augmentation,
            learning_rate=spec.learning_rate,
        )
        self.window.show_step(TRAINING)
        self.session.start()

    @Slot()
    def _on_signal(self) -> None:
        """SIGTERM and the like: nobody is there to be asked, which `quit` would do."""
        QApplication.exit(0)

    @Slot()
    def _on_session_ends(self) -> None:
        """A logout: nothing is asked, and a run that trains goes on another time."""
        self.window.closing_question.stand_back()
        self.projects.state.flush()

    @Slot()
    def _on_closed(self) -> None:
        QApplication.quit()
