"""The Qt style sheet, built from a theme's colours."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tlgui.gui.theme import Theme

_SHEET = Template("""
QWidget { font-size: 10.5pt; }
QLabel { background: transparent; }
QLabel[role="title"] { font-size: 19pt; font-weight: 600; }
QLabel[role="heading"] { font-size: 12pt; font-weight: 600; }
QLabel[role="number"] { font-size: 26pt; font-weight: 600; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="small"] { color: $muted; font-size: 9pt; }
QLabel[role="good"] { color: $good; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="bad"] { color: $bad; }

QFrame[role="card"] {
    background: $card; border: 1px solid $border; border-radius: 10px;
}
QFrame[role="card"][chosen="true"] { border: 2px solid $accent; }
QFrame[role="notice"] {
    background: $accent_soft; border: none; border-radius: 8px;
}
QFrame[role="rail"] {
    background: $card; border: none; border-right: 1px solid $border;
}
QFrame[role="line"] { background: $border; border: none; max-height: 1px; }

QPushButton, QToolButton {
    background: $card; color: $text; border: 1px solid $border; border-radius: 7px;
    padding: 7px 14px;
}
QPushButton:hover, QToolButton:hover { border-color: $accent; }
QPushButton:pressed, QToolButton:pressed { background: $accent_soft; }
QPushButton:focus, QToolButton:focus { border: 2px solid $accent; padding: 6px 13px; }
QPushButton:disabled, QToolButton:disabled { color: $muted; background: $sunken; }
QPushButton[role="primary"] {
    background: $accent; color: $accent_text; border: 1px solid $accent;
    font-weight: 600; padding: 8px 20px;
}
QPushButton[role="primary"]:hover { border: 1px solid $text; }
QPushButton[role="primary"]:focus { border: 2px solid $text; padding: 7px 19px; }
QPushButton[role="primary"]:disabled {
    background: $sunken; color: $muted; border-color: $border;
}
QPushButton[role="link"], QToolButton[role="link"] {
    background: transparent; border: none; color: $accent; padding: 4px 2px;
    text-align: left;
}
QPushButton[role="link"]:hover, QToolButton[role="link"]:hover {
    text-decoration: underline;
}
QPushButton[role="link"]:focus, QToolButton[role="link"]:focus {
    border: 1px dashed $accent; padding: 3px 1px;
}
QToolButton[role="step"] {
    background: transparent; border: none; border-radius: 8px; text-align: left;
    padding: 7px 12px;
}
QToolButton[role="step"]:hover { background: $sunken; }
QToolButton[role="step"]:checked { background: $accent_soft; font-weight: 600; }
QToolButton[role="step"]:focus { border: 2px solid $accent; padding: 5px 10px; }
QToolButton[role="chip"] { border-radius: 14px; padding: 5px 12px; }
QToolButton[role="chip"]:checked {
    background: $accent_soft; border-color: $accent; font-weight: 600;
}

QFileDialog QToolButton { padding: 3px; }
QFileDialog QToolButton:focus { padding: 2px; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox {
    background: $card; color: $text; border: 1px solid $border; border-radius: 6px;
    padding: 5px 8px; min-height: 20px;
    selection-background-color: $accent; selection-color: $accent_text;
}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {
    border: 2px solid $accent; padding: 4px 7px;
}
QComboBox::drop-down { border: none; width: 22px; }
QComboBox QAbstractItemView {
    background: $card; color: $text; border: 1px solid $border;
    selection-background-color: $accent; selection-color: $accent_text;
}
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {
    color: $muted; background: $sunken;
}
QSpinBox::up-button, QSpinBox::down-button {
    background: transparent; border: none; width: 22px;
}
QSpinBox::up-button { subcontrol-position: top right; margin-top: 4px; }
QSpinBox::down-button { subcontrol-position: bottom right; margin-bottom: 4px; }
/* Arrows are the meeting borders of boxes without content. */
QSpinBox::up-arrow, QSpinBox::down-arrow, QComboBox::down-arrow {
    width: 0; height: 0;
    border-left: 4px solid $card; border-right: 4px solid $card;
}
QSpinBox::up-arrow { border-bottom: 5px solid $muted; }
QSpinBox::down-arrow, QComboBox::down-arrow { border-top: 5px solid $muted; }
QSpinBox::up-arrow:hover { border-bottom-color: $accent; }
QSpinBox::down-arrow:hover { border-top-color: $accent; }
QSpinBox::up-arrow:disabled, QSpinBox::up-arrow:off { border-bottom-color: $border; }
QSpinBox::down-arrow:disabled, QSpinBox::down-arrow:off,
QComboBox::down-arrow:disabled {
    border-top-color: $border;
}
QSpinBox::up-arrow:disabled, QSpinBox::down-arrow:disabled,
QComboBox::down-arrow:disabled {
    border-left-color: $sunken; border-right-color: $sunken;
}
QToolButton::menu-indicator { image: none; }
QCheckBox::indicator:unchecked {
    width: 13px; height: 13px; border: 1px solid $muted; border-radius: 3px;
    background: $card;
}
QCheckBox:focus, QRadioButton:focus { color: $accent; }

QProgressBar {
    background: $sunken; border: none; border-radius: 4px; max-height: 8px;
    min-height: 8px;
}
QProgressBar::chunk { background: $accent; border-radius: 4px; }

QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 2px; }
QScrollBar::handle { background: $border; border-radius: 4px; min-height: 32px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QTableView, QTreeView, QListView {
    background: $card; alternate-background-color: $sunken; border: 1px solid $border;
    border-radius: 6px; gridline-color: $border;
    selection-background-color: $accent; selection-color: $accent_text;
}
QHeaderView::section {
    background: $sunken; color: $muted; border: none; padding: 6px 8px;
}
QToolTip {
    background: $card; color: $text; border: 1px solid $border; padding: 6px;
}
QMenu { background: $card; border: 1px solid $border; }
QMenu::item { padding: 6px 24px; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenuBar { background: $ground; }
QMenuBar::item { padding: 5px 10px; background: transparent; }
QMenuBar::item:selected { background: $accent_soft; }
QStatusBar { background: $card; color: $muted; border-top: 1px solid $border; }
""")


def build(theme: Theme) -> str:
    """The style sheet in a theme's colours."""
    return _SHEET.substitute(vars(theme))
