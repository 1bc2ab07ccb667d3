"""What was found in a folder."""

from PySide6.QtCore import QDir, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from tlgui.core.dataset import SPLITS, Dataset
from tlgui.core.errors import TlguiError
from tlgui.core.scan import check_trainable
from tlgui.core.task import find_task
from tlgui.gui.class_list import ClassList
from tlgui.gui.controls import GAP, SMALL_GAP, button, column, label, row
from tlgui.gui.data_texts import DataTexts
from tlgui.gui.elided_label import ElidedLabel
from tlgui.gui.notice import notice
from tlgui.gui.problem_list import ProblemList
from tlgui.gui.session import Session, Status
from tlgui.gui.theme import current_theme


class _Swatch(QWidget):
    """A spot in the colour of a split."""

    def __init__(self, split: str) -> None:
        super().__init__()
        self._split = split
        self.setFixedSize(12, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        colours = dict(
            zip(SPLITS, (theme.training, theme.validation, theme.muted), strict=True)
        )
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours[self._split]))
        painter.drawRoundedRect(self.rect(), 3, 3)
        painter.end()


class DataOverview(QWidget):
    """Header, warnings, one row a class, and the files that are left out.

    Signals:
        choosing_asked: the person wants another folder.
    """

    choosing_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._texts = DataTexts(self)
        self.title = ElidedLabel("title")
        self.path = ElidedLabel("muted")
        self.summary = label("", "heading", wrap=True)
        self.origin = label("", "muted", wrap=True)
        self.trouble = label("", "bad", wrap=True)
        self.hint = label("", "warning", wrap=True)
        self._trouble_notice = notice(self.trouble)
        self._hint_notice = notice(self.hint)
        self.choose_button = button(self.tr("Choose another…"))
        self.rescan_button = button(self.tr("Rescan"))
        self.rescan_button.setToolTip(
            self.tr("Looks at the folder again, after you have changed files in it")
        )
        self.choose_button.clicked.connect(self.choosing_asked)
        self.rescan_button.clicked.connect(self.rescan)
        self.classes = ClassList(session)
        self.problems = ProblemList()
        self._legend = self._make_legend()
        self._lay_out()
        session.dataset_changed.connect(self._show_dataset)
        session.status_changed.connect(self._on_status_changed)
        self._show_dataset()

    def _lay_out(self) -> None:
        names = column(self.title, self.path, gap=2)
        header = row(names, self.choose_button, self.rescan_button, gap=SMALL_GAP)
        header.setStretch(0, 1)
        header.setAlignment(self.choose_button, Qt.AlignmentFlag.AlignTop)
        header.setAlignment(self.rescan_button, Qt.AlignmentFlag.AlignTop)
        counts = row(self.summary, self._legend, gap=GAP)
        counts.setStretch(0, 1)
        layout = column(
            header,
            4,
            counts,
            self.origin,
            self._trouble_notice,
            self._hint_notice,
            4,
            self.classes,
            self.problems,
        )
        layout.setStretchFactor(self.classes, 1)
        self.setLayout(layout)

    def _make_legend(self) -> QWidget:
        legend = QWidget()
        self._legend_items = {split: QWidget() for split in SPLITS}
        for split, item in self._legend_items.items():
            item.setLayout(
                row(_Swatch(split), label(self._texts.split(split), "muted"), gap=6)
            )
        legend.setLayout(row(*self._legend_items.values(), gap=GAP))
        return legend

    @Slot()
    def rescan(self) -> None:
        """Reads the same folder again."""
        if self._session.dataset is not None:
            self._session.open_folder(self._session.dataset.source)

    @Slot()
    def _show_dataset(self) -> None:
        dataset = self._session.dataset
        self.problems.show_dataset(dataset)
        if dataset is None:
            return
        self.title.show_text(dataset.root.name or str(dataset.root))
        self.path.show_text(QDir.toNativeSeparators(str(dataset.root)))
        self.summary.setText(self._texts.summary(dataset))
        origin = self._texts.origin(dataset)
        self.origin.setText(origin)
        self.origin.setVisible(bool(origin))
        for split, item in self._legend_items.items():
            item.setVisible(bool(dataset.samples.get(split)))
        self._legend.setVisible(sum(map(bool, dataset.samples.values())) > 1)
        self._show_warnings(dataset)

    def _show_warnings(self, dataset: Dataset) -> None:
        trouble = _trouble(dataset)
        plural = find_task(dataset.task).plural
        hints = self._texts.hints(self.classes.class_model.rows, plural)
        self.trouble.setText(trouble)
        self._trouble_notice.setVisible(bool(trouble))
        self.hint.setText("\n".join(hints))
        self._hint_notice.setVisible(bool(hints) and not trouble)

    @Slot()
    def _on_status_changed(self) -> None:
        idle = self._session.status is Status.IDLE
        self.choose_button.setEnabled(idle)
        self.rescan_button.setEnabled(idle)


def _trouble(dataset: Dataset) -> str:
    """Why nothing can be trained on it; "" when it can."""
    try:
        check_trainable(dataset)
    except TlguiError as error:
        return str(error)
    return ""
