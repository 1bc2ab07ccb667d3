"""Collects Python's garbage on the window's thread, and on no other.

Widgets in a cycle of references are destroyed when the cycle is collected, and Python
collects on whatever thread happens to allocate; Qt's widgets must not be destroyed on
any thread but the window's (a segmentation fault).
"""

import gc

from PySide6.QtCore import QObject, QTimer, Slot

_EVERY_MILLISECONDS = 1_000


class WindowThreadGarbage(QObject):
    """Takes over from Python's own collecting while it lives."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Begins at once."""
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=_EVERY_MILLISECONDS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    @Slot()
    def collect(self) -> None:
        """Collects the generations that Python would collect by now."""
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in reversed(range(len(counts))):
            if counts[generation] > limits[generation] > 0:
                gc.collect(generation)
                return

    def end(self) -> None:
        """Gives collecting back to Python."""
        self._timer.stop()
        gc.enable()
