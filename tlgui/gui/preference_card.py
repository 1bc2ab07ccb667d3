"""What the cards of the preferences have in common."""

from pathlib import Path

from PySide6.QtCore import QDir
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout

from tlgui.gui.controls import GAP


def dress(frame: QFrame, content: QVBoxLayout) -> None:
    """Makes a frame a card with this content."""
    frame.setProperty("role", "card")
    content.setContentsMargins(GAP, GAP, GAP, GAP)
    frame.setLayout(content)


def path_field(name: str) -> QLineEdit:
    """A field for a path, to read and to copy.

    Args:
        name: for a screen reader.
    """
    field = QLineEdit(readOnly=True)
    field.setAccessibleName(name)
    return field


def show_path(field: QLineEdit, folder: Path) -> None:
    """Shows a folder as the system writes it, its beginning first."""
    field.setText(QDir.toNativeSeparators(str(folder)))
    field.setToolTip(field.text())
    field.setCursorPosition(0)
