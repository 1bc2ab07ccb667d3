"""The fields of the settings: a name, an editor and one plain sentence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale, Qt, Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from tlgui.gui import controls

EDITOR_WIDTH = 148
_TEXT_MARGIN = 7


class CalmSpinBox(QSpinBox):
    """Leaves the wheel to the page unless it has the focus."""

    def __init__(self) -> None:
        super().__init__()
        # The style sheet's padding does not reach the text of a spin box.
        self.lineEdit().setTextMargins(_TEXT_MARGIN, 0, 0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turns only what the person is at."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _CalmComboBox(QComboBox):
    """Leaves the wheel to the page unless it has the focus."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Setting(QWidget):
    """One setting: its name, its editor, and what it means or what is wrong.

    Signals:
        edited(object): the person gave another value, right or wrong.
    """

    edited = Signal(object)

    def __init__(self, title: str, meaning: str, editor: QWidget) -> None:
        super().__init__()
        self.title = controls.label(title)
        self.meaning = controls.label(meaning, "small", wrap=True)
        self.problem = ""
        self._sentence = meaning
        self.title.setBuddy(editor)
        editor.setAccessibleName(title)
        editor.setAccessibleDescription(meaning)
        self._editor = editor
        self.setLayout(
            controls.column(controls.row(self.title, None, editor), self.meaning, gap=3)
        )

    def explain(self, meaning: str) -> None:
        """Changes the sentence below the editor."""
        self._sentence = meaning
        self._show_sentence()

    def complain(self, problem: str) -> None:
        """Says what is wrong in place of the meaning; "" for nothing."""
        if problem != self.problem:
            self.problem = problem
            controls.set_role(self.meaning, "bad" if problem else "small")
            self._show_sentence()

    def show_value(self, value: object) -> None:
        """Shows a value without telling that it was edited."""
        raise NotImplementedError

    def _show_sentence(self) -> None:
        text = self.problem or self._sentence
        self.meaning.setText(text)
        self._editor.setAccessibleDescription(text)


class WholeSetting(Setting):
    """A whole number between two limits."""

    def __init__(self, title: str, meaning: str, low: int, high: int) -> None:
        self.box = CalmSpinBox()
        self.box.setRange(low, high)
        self.box.setFixedWidth(EDITOR_WIDTH)
        super().__init__(title, meaning, self.box)
        self.box.valueChanged.connect(self.edited.emit)

    def show_value(self, value: object) -> None:
        """Shows a whole number."""
        if isinstance(value, int) and value != self.box.value():
            blocked = self.box.blockSignals(True)
            self.box.setValue(value)
            self.box.blockSignals(blocked)


class NumberSetting(Setting):
    """Any number, typed as `0.003`, `1e-3` or with the local decimal sign.

    What is not a number is told as the text itself, so that it can be refused
    with a sentence.
    """

    def __init__(self, title: str, meaning: str) -> None:
        self.box = QLineEdit()
        self.box.setFixedWidth(EDITOR_WIDTH)
        super().__init__(title, meaning, self.box)
        self._shown: object = None
        self.box.textEdited.connect(self._tell)

    def show_value(self, value: object) -> None:
        """Shows a number; what is being typed stays if it means the same."""
        if not isinstance(value, int | float) or value == self._shown:
            return
        self._shown = value
        if parse_number(self.box.text(), QLocale()) != value:
            self.box.setText(number_text(value, QLocale()))

    @Slot(str)
    def _tell(self, text: str) -> None:
        value = parse_number(text, QLocale())
        if isinstance(value, float) and math.isfinite(value):
            self._shown = value
        self.edited.emit(value)


@dataclass(frozen=True)
class Choice:
    """One of several values.

    Attributes:
        value: as in the spec.
        title: as shown.
        meaning: what it does, in one sentence.
    """

    value: str
    title: str
    meaning: str


class ChoiceSetting(Setting):
    """One of several values; the sentence tells of the chosen one."""

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        self.box = _CalmComboBox()
        self.box.setFixedWidth(EDITOR_WIDTH)
        self._fill(choices)
        super().__init__(title, choices[0].meaning, self.box)
        self.box.currentIndexChanged.connect(self._tell)

    def offer(self, choices: Sequence[Choice]) -> None:
        """Offers other values from now on, the first of them chosen."""
        if tuple(choices) != self._choices:
            blocked = self.box.blockSignals(True)
            self.box.clear()
            self._fill(choices)
            self.box.blockSignals(blocked)
            self.explain(choices[0].meaning)

    def _fill(self, choices: Sequence[Choice]) -> None:
        self._choices = tuple(choices)
        for row, choice in enumerate(self._choices):
            self.box.addItem(choice.title, choice.value)
            self.box.setItemData(row, choice.meaning, Qt.ItemDataRole.ToolTipRole)

    def show_value(self, value: object) -> None:
        """Shows a choice."""
        row = self.box.findData(value)
        if row < 0 or row == self.box.currentIndex():
            return
        blocked = self.box.blockSignals(True)
        self.box.setCurrentIndex(row)
        self.box.blockSignals(blocked)
        self.explain(self._choices[row].meaning)

    @Slot(int)
    def _tell(self, row: int) -> None:
        self.explain(self._choices[row].meaning)
        self.edited.emit(self._choices[row].value)


class SwitchSetting(Setting):
    """Yes or no."""

    def __init__(self, title: str, meaning: str) -> None:
        self.box = QCheckBox()
        super().__init__(title, meaning, self.box)
        self.box.toggled.connect(self.edited.emit)

    def show_value(self, value: object) -> None:
        """Shows yes or no."""
        if bool(value) != self.box.isChecked():
            blocked = self.box.blockSignals(True)
            self.box.setChecked(bool(value))
            self.box.blockSignals(blocked)


def parse_number(text: str, locale: QLocale) -> float | str:
    """Reads a number as people type it, or gives the text back.

    The decimal point is always understood, as is the comma and the sign of the
    local language; there are no signs between thousands.
    """
    typed = text.strip()
    for decimal in (".", locale.decimalPoint(), ","):
        if "_" in typed:
            break
        try:
            return float(typed.replace(decimal, "."))
        except ValueError:
            continue
    return typed


def number_text(value: float, locale: QLocale) -> str:
    """A number in few digits, with the local decimal sign."""
    return f"{value:.6g}".replace(".", locale.decimalPoint())
