"""Corrects what is foretold of a computer's speed, while it trains."""

import statistics

from tlgui.core.backbone import Backbone
from tlgui.core.events import Emit, SpeedMeasured
from tlgui.core.phases import Phase
from tlgui.ml.calibration import keep_speed, known_speed

# Steps after which the forecast is corrected: soon, and then better and better.
_FIRST, _GROWTH = 5, 4


class PaceWatch:
    """Looks at the steps of a run in which blocks learn."""

    def __init__(self, backbone: Backbone, emit: Emit) -> None:
        """Takes what is trained, and who is told `SpeedMeasured`."""
        self._backbone = backbone
        self._emit = emit
        self._trainable: tuple[str, ...] = ()
        self._is_first = True
        self._due = _FIRST
        self._seconds: list[float] = []

    def begin(self, phase: Phase) -> None:
        """Another choice of blocks learns from now on."""
        self._trainable = phase.trainable
        self._is_first, self._due, self._seconds = True, _FIRST, []

    def add(self, seconds: float, samples: int) -> None:
        """Takes a training step.

        Args:
            seconds: that the layers behind the cut took.
            samples: of the batch.
        """
        if not self._trainable:
            return
        if self._is_first:  # it also builds the computation
            self._is_first = False
            return
        self._seconds.append(seconds / samples)
        if len(self._seconds) >= self._due:
            self._due *= _GROWTH
            self._correct(statistics.median(self._seconds))

    def _correct(self, seconds: float) -> None:
        speed = known_speed()
        if speed is None:
            return
        corrected = speed.corrected(self._backbone, self._trainable, seconds)
        keep_speed(corrected)
        self._emit(SpeedMeasured(corrected))
