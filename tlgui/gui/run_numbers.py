"""The numbers of a run that matter, in large type."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QWidget

from tlgui.core.history import best_epoch
from tlgui.gui import controls
from tlgui.gui.current_run import CurrentRun
from tlgui.gui.percent import percent


class _Number(QWidget):
    """A large number and what it is."""

    def __init__(self, title: str, tip: str) -> None:
        super().__init__()
        self.value = controls.label("–", "number")
        self.title = controls.label(title, "small")
        self.setToolTip(tip)
        self.setLayout(controls.column(self.value, self.title, gap=0))

    def show_number(self, value: str, title: str) -> None:
        """Shows a number."""
        self.value.setText(value)
        self.title.setText(title)
        self.setAccessibleName(f"{title}: {value}")


class RunNumbers(QWidget):
    """Accuracy and loss on the validation photos, at best and last."""

    def __init__(self, run: CurrentRun) -> None:
        super().__init__()
        self._run = run
        self.best = _Number(
            self.tr("Best accuracy"),
            self.tr("Share of the validation photos named right in the best epoch"),
        )
        self.last = _Number(
            self.tr("Last accuracy"),
            self.tr("Share of the validation photos named right in the last epoch"),
        )
        self.loss = _Number(
            self.tr("Validation loss"),
            self.tr(
                "How wrong the answers for the validation photos are; lower is better"
            ),
        )
        self.setLayout(controls.row(self.best, self.last, self.loss, None, gap=28))
        run.epoch_ended.connect(self.show_numbers)
        run.emptied.connect(self.show_numbers)
        run.opened.connect(self.show_numbers)
        self.show_numbers()

    @property
    def values(self) -> tuple[QLabel, ...]:
        """The labels of best accuracy, last accuracy and loss."""
        return (self.best.value, self.last.value, self.loss.value)

    @Slot()
    def show_numbers(self) -> None:
        """Shows the numbers of the run's history."""
        best = best_epoch(self._run.history)
        if best is None:
            self.best.show_number("–", self.tr("Best accuracy"))
            self.last.show_number("–", self.tr("Last accuracy"))
            self.loss.show_number("–", self.tr("Validation loss"))
            return
        last = self._run.history[-1]
        self.best.show_number(
            percent(best.val_accuracy),
            self.tr("Best accuracy, epoch {0}").format(best.epoch),
        )
        self.last.show_number(
            percent(last.val_accuracy),
            self.tr("Last accuracy, epoch {0}").format(last.epoch),
        )
        self.loss.show_number(
            f"{last.val_loss:.3f}",
            self.tr("Validation loss, epoch {0}").format(last.epoch),
        )
