"""Tells of a fault of ours: the window stays, the details can be copied."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from tlgui import __version__, paths
from tlgui.gui.controls import GAP, column, label


class BugDialog(QDialog):
    """Shows a traceback to copy."""

    def __init__(self, trace: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("A fault in the program"))
        self.resize(640, 420)
        self.details = QPlainTextEdit(
            f"Transfer Learning Studio {__version__}\n{trace}"
        )
        self.details.setReadOnly(True)
        self.details.setAccessibleName(self.tr("Details"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        # Some platforms put a dark icon on it, which is lost on a dark ground.
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
        self.copy_button = QPushButton(self.tr("Copy the details"))
        self.copy_button.clicked.connect(self._copy)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        self.setLayout(
            column(
                label(self.tr("Something went wrong in the program."), "heading"),
                label(
                    self.tr(
                        "This is not your fault, and what was finished is saved. You "
                        "can go on working. To have it mended, send these details to "
                        "whoever gave you the program; they are also in {folder}."
                    ).format(folder=paths.log_dir()),
                    wrap=True,
                ),
                self.details,
                buttons,
                gap=GAP,
                margin=20,
            )
        )

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details.toPlainText())
