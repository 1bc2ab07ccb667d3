"""Measures how long the window's event loop is busy at a stretch."""

import time

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Slot

INTERVAL_MS = 1


class Heartbeat(QObject):
    """A timer that wants to fire every millisecond and notes when it does.

    The gap between two beats is how long a click would have had to wait.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.beats: list[float] = []
        self._marks: list[tuple[int, str]] = []
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begins to beat."""
        self._timer.start()

    def mark(self, name: str) -> None:
        """Begins a part of the measurement."""
        self._marks.append((len(self.beats), name))

    def stop(self) -> None:
        """Ends the measurement."""
        self._timer.stop()

    def gaps(self) -> dict[str, np.ndarray]:
        """The gaps of each part, and of "all", in milliseconds."""
        gaps = np.diff(np.array(self.beats)) * 1000
        parts = {"all": gaps}
        ends = [*(place for place, _ in self._marks[1:]), len(self.beats)]
        for (begin, name), end in zip(self._marks, ends, strict=True):
            parts[name] = gaps[max(0, begin - 1) : max(0, end - 1)]
        return parts

    @Slot()
    def _beat(self) -> None:
        self.beats.append(time.perf_counter())


def summary(gaps: np.ndarray) -> dict[str, float]:
    """Percentiles of gaps; `share_over_16` weighs every gap by its length."""
    if not len(gaps):
        return {}
    return {
        "beats": len(gaps),
        "median": float(np.median(gaps)),
        "p99": float(np.percentile(gaps, 99)),
        "worst": float(gaps.max()),
        "over_100": int((gaps > 100).sum()),
        "share_over_16": float(gaps[gaps > 16].sum() / gaps.sum()),
    }
