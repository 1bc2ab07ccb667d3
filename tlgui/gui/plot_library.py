"""Imports the plotting library where the window does not wait for it."""

import contextlib
import time
from collections.abc import Iterator

from PySide6 import QtCore, QtGui, QtSvg, QtWidgets
from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal, Slot

_SLICE = 0.004  # seconds


class PlotLibrary(QObject):
    """Imports pyqtgraph in a thread: it takes a third of a second and more.

    WORKAROUND PySide6 makes the classes of Qt when they are first asked for, and
    pyqtgraph asks for all of them. If that happens in its thread while the window
    handles events, the program can end with a segmentation fault. So they are asked
    for here first, some at a time.

    Signals:
        loaded: it can be used.
    """

    loaded = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asked = False
        self._classes = _make_classes()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def load(self) -> None:
        """Begins to import it, the first time."""
        if not self._asked:
            self._asked = True
            self._timer.start(0)

    @Slot()
    def _go_on(self) -> None:
        """Some classes, and after the last the import."""
        until = time.monotonic() + _SLICE
        for _ in self._classes:
            if time.monotonic() > until:
                return
        self._timer.stop()
        self._pool.start(self._import)

    def _import(self) -> None:
        import pyqtgraph  # noqa: F401 - the import is what is wanted

        with contextlib.suppress(RuntimeError):  # the window was closed meanwhile
            self.loaded.emit()


def _make_classes() -> Iterator[None]:
    """Asks for one class after the other."""
    for module in (QtCore, QtGui, QtWidgets, QtSvg):
        for name in dir(module):
            getattr(module, name, None)
            yield
