"""Small building blocks that every page uses, so that all pages look alike."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

PAGE_MARGIN = 28
GAP = 16
SMALL_GAP = 8


def label(text: str, role: str = "", *, wrap: bool = False) -> QLabel:
    """A label in one of the style sheet's roles.

    Args:
        text: already translated.
        role: title, heading, number, muted, small, good, warning, bad or "".
        wrap: whether it may take several lines.
    """
    made = QLabel(text)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if wrap:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
    return made


def button(text: str, role: str = "") -> QPushButton:
    """A push button: primary, link or "" for an ordinary one."""
    made = QPushButton(text)
    made.setProperty("role", role)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made


def set_role(widget: QWidget, role: str) -> None:
    """Changes a widget's role and lets the style sheet see it."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def column(
    *items: QWidget | QLayout | int | None, gap: int = SMALL_GAP, margin: int = 0
) -> QVBoxLayout:
    """Lays widgets and layouts below each other; an int is a space, None a spring."""
    layout = QVBoxLayout()
    layout.setSpacing(gap)
    layout.setContentsMargins(margin, margin, margin, margin)
    _fill(layout, items)
    return layout


def row(
    *items: QWidget | QLayout | int | None, gap: int = SMALL_GAP, margin: int = 0
) -> QHBoxLayout:
    """Lays widgets and layouts side by side; an int is a space, None a spring."""
    layout = QHBoxLayout()
    layout.setSpacing(gap)
    layout.setContentsMargins(margin, margin, margin, margin)
    _fill(layout, items)
    return layout


def card(content: QLayout, *, margin: int = GAP) -> QFrame:
    """A framed ground for what belongs together."""
    frame = QFrame()
    frame.setProperty("role", "card")
    content.setContentsMargins(margin, margin, margin, margin)
    frame.setLayout(content)
    return frame


def line() -> QFrame:
    """A hairline."""
    frame = QFrame()
    frame.setProperty("role", "line")
    frame.setFixedHeight(1)
    return frame


def scrolled(content: QWidget) -> QScrollArea:
    """Lets a page scroll up and down where the window is small."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    return area


def plain_table(table: QTableView, row_height: int) -> None:
    """Takes from a table what makes it look and behave like a spreadsheet.

    Args:
        table: only to be read; the tab key leaves it.
        row_height: in pixels.
    """
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(row_height)


def _fill(
    layout: QVBoxLayout | QHBoxLayout, items: tuple[QWidget | QLayout | int | None, ...]
) -> None:
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, QWidget):
            layout.addWidget(item)
        else:
            layout.addLayout(item)
