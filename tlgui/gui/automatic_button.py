"""The button behind which the program finds out by itself how to train best."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QPushButton

from tlgui.core.automatic import GRANTS


class AutomaticButton(QPushButton):
    """Asks how much time it may take.

    Signals:
        granted(float): so many seconds.
    """

    granted = Signal(float)

    def __init__(self) -> None:
        super().__init__(self.tr("Automatic"))
        self.setToolTip(
            self.tr(
                "Compares the models on this computer, looks for good settings, then "
                "tries how much should learn, and keeps the best. Every attempt stays "
                "in Runs."
            )
        )
        menu = QMenu(self)
        menu.setTitle(self.tr("How long may it take?"))
        words = {
            "1 minute": self.tr("Up to 1 minute"),
            "10 minutes": self.tr("Up to 10 minutes"),
            "over lunch": self.tr("Over lunch (up to 45 minutes)"),
        }
        for name, seconds in GRANTS.items():
            action = menu.addAction(words[name])
            action.triggered.connect(partial(self._grant, float(seconds)))
        self.setMenu(menu)

    def _grant(self, seconds: float, _checked: bool = False) -> None:
        self.granted.emit(seconds)
