"""Imports the plotting library where the window does not wait for it."""

import importlib
import threading
import time
from collections.abc import Iterator

from PySide6 import QtCore, QtGui, QtSvg, QtWidgets
from PySide6.QtCore import QObject, QTimer, Signal, Slot

_SLICE = 0.004  # seconds
_WAIT = 20  # milliseconds


class PlotLibrary(QObject):
    """Imports pyqtgraph in a thread: it takes a third of a second and more.

    WORKAROUND PySide6 makes the classes of Qt when they are first asked for, and
    pyqtgraph asks for all of them. If that happens in its thread while the window
    handles events, the program can end with a segmentation fault. So they are asked
    for here first, some at a time.

    The thread knows nothing of Qt's objects, and none of them waits for it: while Qt
    deletes widgets no Python goes on, so that to wait there would be for ever.

    Signals:
        loaded: it can be used.
    """

    loaded = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._classes = _make_classes()
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        self._asked = False

    def load(self) -> None:
        """Begins to import it, the first time."""
        if not self._asked:
            self._asked = True
            self._timer.start(0)

    @Slot()
    def _go_on(self) -> None:
        """Some classes; after the last the import; and after that the news."""
        if self._thread is None:
            until = time.monotonic() + _SLICE
            for _ in self._classes:
                if time.monotonic() > until:
                    return
            self._thread = threading.Thread(target=_import, name="plot library")
            self._thread.start()
            self._timer.start(_WAIT)
        elif not self._thread.is_alive():
            self._timer.stop()
            self.loaded.emit()


def _import() -> None:
    importlib.import_module("pyqtgraph")


def _make_classes() -> Iterator[None]:
    """Asks for one class after the other."""
    for module in (QtCore, QtGui, QtWidgets, QtSvg):
        for name in dir(module):
            getattr(module, name, None)
            yield
