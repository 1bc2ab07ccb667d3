"""Where a run lies, and what is in its folder."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from tlgui.core import run as run_folder
from tlgui.gui.controls import GAP, button, card, column, label, line, row
from tlgui.gui.current_run import CurrentRun


class RunFiles(QWidget):
    """The run folder, a button that shows it, and its files in plain words."""

    def __init__(self, run: CurrentRun) -> None:
        super().__init__()
        self._run = run
        self.path = QLineEdit(readOnly=True)
        self.path.setAccessibleName(self.tr("Folder of this run"))
        self.show_folder = button(self.tr("Show in folder"))
        self.show_folder.clicked.connect(self._show_folder)
        heading = label(self.tr("Everything of this run lies in one folder"), "heading")
        hint = label(
            self.tr(
                "It is all on this computer. Copy the folder to keep or to share the "
                "run; “Open an earlier run” reads it again."
            ),
            "muted",
            wrap=True,
        )
        place = row(self.path, self.show_folder)
        content = column(heading, hint, place, 4, line(), 4, self._files())
        self.setLayout(column(card(content, margin=GAP + 4), None))
        run.ended.connect(self._show_run)
        run.opened.connect(self._show_run)

    def _files(self) -> QGridLayout:
        files = (
            (run_folder.MODEL, self.tr("the model itself, if the run kept one")),
            (
                run_folder.REPORT,
                self.tr("the result: every validation photo and its answer"),
            ),
            (run_folder.HISTORY, self.tr("the course of training, one line an epoch")),
            (
                run_folder.SPEC,
                self.tr("what was chosen: photos, model, layers, settings"),
            ),
            (run_folder.LABELS, self.tr("the class names, in the model's order")),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP * 2)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for number, (name, meaning) in enumerate(files):
            shown = label(name)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(shown, number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(meaning, "muted"), number, 1)
        return grid

    @Slot()
    def _show_run(self) -> None:
        folder: Path | None = self._run.folder
        self.path.setText("" if folder is None else str(folder))
        self.path.setToolTip(self.path.text())
        self.path.setCursorPosition(0)

    @Slot()
    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self.path.text()))
