"""A ground for something that the person should read."""

from PySide6.QtWidgets import QFrame, QLabel

from tlgui.gui.controls import column


def notice(content: QLabel) -> QFrame:
    """Puts a label on a ground that stands out."""
    frame = QFrame()
    frame.setProperty("role", "notice")
    layout = column(content)
    layout.setContentsMargins(14, 10, 14, 10)
    frame.setLayout(layout)
    return frame
