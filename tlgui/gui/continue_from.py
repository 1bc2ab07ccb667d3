"""The button and the key that let a run start from an earlier one."""

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from tlgui.core.project_runs import RunSummary
from tlgui.gui import controls

_KEY = "F4"


class ContinueFrom(QObject):
    """Offers to start from one chosen run.

    Attributes:
        button: for below the table.
        action: for its menu, with a key.

    Signals:
        asked(str): the folder name of the run to start from.
    """

    asked = Signal(str)

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._folder = ""
        text = self.tr("Continue from here")
        key = QKeySequence(_KEY).toString(QKeySequence.SequenceFormat.NativeText)
        self._tip = self.tr(
            "The next training starts from this run’s model: more epochs, more blocks, "
            "new photos or more classes. {0}"
        ).format(key)
        self.button = controls.button(text)
        self.action = QAction(text, page)
        self.action.setShortcut(_KEY)
        self.action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.button.clicked.connect(self._ask)
        self.action.triggered.connect(self._ask)
        self.offer(None)

    def offer(self, run: RunSummary | None) -> None:
        """Offers one run, or nothing.

        Args:
            run: the chosen one; None while there is none, or several, or none may be
                chosen now.
        """
        can = run is not None and run.has_model
        self._folder = run.folder if run is not None and can else ""
        none_kept = self.tr(
            "This run kept no model, so there is nothing to start from."
        )
        self.button.setToolTip(none_kept if run is not None and not can else self._tip)
        for thing in (self.button, self.action):
            thing.setEnabled(can)

    @Slot()
    def _ask(self) -> None:
        if self._folder:
            self.asked.emit(self._folder)
