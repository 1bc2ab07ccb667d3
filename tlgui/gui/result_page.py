"""The result: how good the model is, what it gets wrong, and trying it."""

import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Slot
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QFrame,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tlgui.core.label_report import LabelEvaluation
from tlgui.core.run import Run
from tlgui.gui.answers_view import AnswersView
from tlgui.gui.controls import (
    PAGE_MARGIN,
    button,
    card,
    column,
    label,
    row,
    scrolled,
)
from tlgui.gui.dropped import has_photos, photos_in
from tlgui.gui.label_answers_view import LabelAnswersView
from tlgui.gui.no_result import NoResult
from tlgui.gui.preview import made_up_evaluation, show_page
from tlgui.gui.result_summary import ClassTable, ResultSummary
from tlgui.gui.run_files import RunFiles
from tlgui.gui.session import Session, Status
from tlgui.gui.try_photo import TryPhoto


class ResultPage(QWidget):
    """Everything about the finished model, in four views under its accuracy."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.open_first = button(self.tr("Open an earlier run…"))
        self.open_other = button(self.tr("Open an earlier run…"), "link")
        self.empty = NoResult(session, self.open_first)
        self.summary = ResultSummary(session.run)
        self.answers = AnswersView(session)
        self.label_answers = LabelAnswersView(session)
        self.classes = ClassTable(session.run)
        self.class_view = QWidget()
        class_column = column(self.classes)
        class_column.setStretch(0, 1)  # as high as its lines, and what is left below
        class_column.addStretch(0)
        self.class_view.setLayout(class_column)
        self.trying = TryPhoto(session)
        self.files = RunFiles(session.run)
        self.found = self._found_card()
        self.views = QStackedWidget()
        self.chips = QButtonGroup(self)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(scrolled(self._result()))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)
        self.setAcceptDrops(True)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self)
        paste.activated.connect(self._paste)
        self._listen()
        self._show_state()

    def _listen(self) -> None:
        session = self._session
        self.open_first.clicked.connect(self._open_run)
        self.open_other.clicked.connect(self._open_run)
        self.chips.idToggled.connect(self._show_view)
        session.run.ended.connect(self._show_result)
        session.run.opened.connect(self._show_result)
        session.run.emptied.connect(self._show_state)
        session.status_changed.connect(self._show_state)

    def _result(self) -> QWidget:
        title = row(label(self.tr("Result"), "title"), None, self.open_other)
        chips = row(gap=8)
        for view, name in (
            (self.answers, self.tr("Mistakes")),
            (self.class_view, self.tr("Class by class")),
            (self.trying, self.tr("Try it on a photo")),
            (self.files, self.tr("Files of this run")),
        ):
            self.views.addWidget(view)
            chips.addWidget(self._chip(name))
        self.views.addWidget(self.label_answers)  # in the place of the first one
        chips.addStretch(1)
        content = column(title, self.summary, self.found, chips, self.views, gap=12)
        content.setStretch(4, 1)
        content.setContentsMargins(PAGE_MARGIN, 20, PAGE_MARGIN, 20)
        made = QWidget()
        made.setLayout(content)
        return made

    def _found_card(self) -> QFrame:
        """How an automatic training has found this recipe."""
        self.found_text = label("", "small", wrap=True)
        heading = label(self.tr("How this model was found"), "heading")
        return card(column(heading, self.found_text, gap=4))

    def _chip(self, name: str) -> QToolButton:
        chip = QToolButton()
        chip.setText(name)
        chip.setCheckable(True)
        chip.setProperty("role", "chip")
        # The chosen one is bold, which the size hint does not foresee.
        bold = QFont(self.font())
        bold.setPointSizeF(10.5)
        bold.setWeight(QFont.Weight.DemiBold)
        chip.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(name) + 28)
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        self.chips.addButton(chip, len(self.chips.buttons()))
        return chip

    def show_view(self, view: QWidget) -> None:
        """Brings one of the four views to the front."""
        chip = self.chips.button(self.views.indexOf(view))
        chip.setChecked(True)

    @Slot(int, bool)
    def _show_view(self, place: int, on: bool) -> None:
        if on:
            self._turn_to(place)

    def _turn_to(self, place: int) -> None:
        several = isinstance(self._session.run.evaluation, LabelEvaluation)
        if several and place == self.views.indexOf(self.answers):
            self.views.setCurrentWidget(self.label_answers)
        else:
            self.views.setCurrentIndex(place)

    @Slot()
    def _show_result(self) -> None:
        known = self._session.run.evaluation is not None
        self.show_view(self.answers if known else self.files)
        self._turn_to(self.chips.checkedId())  # it may have been checked already
        for view in (self.answers, self.class_view, self.trying):
            self.chips.button(self.views.indexOf(view)).setEnabled(known)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        session = self._session
        kept = session.run.ending is None or session.run.ending.kept
        there = session.run.folder is not None and kept
        self.stack.setCurrentIndex(1 if there else 0)
        self.found_text.setText("\n".join(session.run.sentences))
        self.found.setVisible(bool(session.run.sentences))
        idle = session.status is Status.IDLE
        self.open_first.setEnabled(idle)
        self.open_other.setEnabled(idle)

    @Slot()
    def _open_run(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self,
            self.tr("Open the folder of an earlier run"),
            str(self._session.home.runs or self._session.runs_dir),
        )
        if folder:
            self._session.open_run(Path(folder))

    @Slot()
    def _paste(self) -> None:
        self._take(QGuiApplication.clipboard().mimeData())

    def _take(self, mime: QMimeData) -> None:
        if self._session.run.has_result:
            self.show_view(self.trying)
            self.trying.take(photos_in(mime))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accepts photos once there is a model to ask."""
        if self._session.run.has_result and has_photos(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Asks the model about what was dropped."""
        self._take(event.mimeData())
        event.acceptProposedAction()


def _fill(session: Session) -> None:
    """Makes up a result for the photos at hand."""
    if session.dataset is None:
        return
    run = Run(session.runs_dir / "preview", session.spec, session.dataset.class_names)
    evaluation = made_up_evaluation(session.dataset)
    session.reading.run_opened.emit(run, (), evaluation, "")


def main() -> int:
    """Shows the page alone; with a data folder, a made-up result for its photos."""
    return show_page(ResultPage, _fill)


if __name__ == "__main__":
    sys.exit(main())
