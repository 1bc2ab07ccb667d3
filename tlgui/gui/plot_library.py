"""Imports the plotting library where the window does not wait for it."""

import contextlib

from PySide6.QtCore import QObject, QThreadPool, Signal


class PlotLibrary(QObject):
    """Imports pyqtgraph in a thread: it takes a third of a second and more.

    Signals:
        loaded: it can be used.
    """

    loaded = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asked = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def load(self) -> None:
        """Begins to import it, the first time."""
        if not self._asked:
            self._asked = True
            self._pool.start(self._import)

    def _import(self) -> None:
        import pyqtgraph  # noqa: F401 - the import is what is wanted

        with contextlib.suppress(RuntimeError):  # the window was closed meanwhile
            self.loaded.emit()
