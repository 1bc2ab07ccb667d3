"""Asks what is to become of a model before its run is stopped."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget

from tlgui.core.events import Stop


class StopDialog(QMessageBox):
    """Keep the best model so far, keep nothing, or go on.

    Signals:
        chosen(Stop): the run is to stop.
    """

    chosen = Signal(object)

    def __init__(self, epochs: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle(self.tr("Stop training?"))
        self.setText(self.tr("Stop without keeping the model?"))
        self.setInformativeText(
            self.tr("What was learned so far (epochs done: {0}) is lost then.").format(
                epochs
            )
            if epochs
            else self.tr("No epoch is done yet, so there is nothing to keep.")
        )
        roles = QMessageBox.ButtonRole
        self.go_on = self.addButton(self.tr("Go on training"), roles.RejectRole)
        self.drop = self.addButton(self.tr("Stop, keep nothing"), roles.ActionRole)
        self.keep = self.addButton(self.tr("Stop and keep"), roles.ActionRole)
        self.keep.setEnabled(epochs > 0)
        self.setDefaultButton(self.go_on)
        self.setEscapeButton(self.go_on)
        self.buttonClicked.connect(self._on_button)

    @Slot(QAbstractButton)
    def _on_button(self, button: QAbstractButton) -> None:
        if button is self.keep:
            self.chosen.emit(Stop.KEEP)
        elif button is self.drop:
            self.chosen.emit(Stop.DROP)
