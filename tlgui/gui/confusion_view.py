"""The confusion matrix: what the photos are, against what the model said."""

from PySide6.QtCore import (
    QModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from tlgui.core.report import Evaluation
from tlgui.gui.confusion_model import ConfusionTableModel, Index, cell_colour
from tlgui.gui.controls import label
from tlgui.gui.theme import current_theme

_SMALLEST, _LARGEST = QSize(30, 24), QSize(170, 104)
_LONGEST_NAME = 104
_COMFORTABLE = 48
_PAD = 8
_GAP = 6


class CellDelegate(QStyledItemDelegate):
    """Paints a cell: its count, its shade, a frame where answers are right."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """Paints one cell."""
        model = index.model()
        assert isinstance(model, ConfusionTableModel)
        theme, right = current_theme(), index.row() == index.column()
        count = model.count(index)
        rect: QRect = option.rect.adjusted(1, 1, -2, -2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.training), 1) if right else Qt.PenStyle.NoPen)
        painter.setBrush(cell_colour(theme, model.share(index), right=right))
        painter.drawRoundedRect(rect, 4, 4)
        font = painter.font()
        font.setBold(count > 0)
        painter.setFont(font)
        painter.setPen(QColor(theme.text if count else theme.muted))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(count))
        self._mark(painter, option, index, rect)
        painter.restore()

    def _mark(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index, rect: QRect
    ) -> None:
        view = option.widget
        assert isinstance(view, QTableView)
        cell = view.model().index(index.row(), index.column())
        chosen = view.selectionModel().isSelected(cell)
        focused = view.hasFocus() and view.currentIndex() == cell
        if not chosen and not focused:
            return
        style = Qt.PenStyle.SolidLine if chosen else Qt.PenStyle.DashLine
        painter.setPen(QPen(QColor(current_theme().text), 2, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 4, 4)


class NameHeader(QHeaderView):
    """Class names along a side; column names stand upright where they are narrow."""

    def __init__(self, orientation: Qt.Orientation, parent: QWidget) -> None:
        super().__init__(orientation, parent)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(_SMALLEST.height())
        self.setHighlightSections(False)
        self.upright = False
        self.limit = _LONGEST_NAME

    def longest(self) -> int:
        """Width in pixels of the longest name, within bounds."""
        metrics, model = QFontMetrics(self.font()), self.model()
        names = [
            str(model.headerData(section, self.orientation()))
            for section in range(self.count())
        ]
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        return min(widest + 2 * _PAD, self.limit)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:  # noqa: N802
        """Paints one class name."""
        name = str(self.model().headerData(section, self.orientation()))
        theme, metrics = current_theme(), QFontMetrics(self.font())
        painter.save()
        painter.fillRect(rect, QColor(theme.card))
        painter.setPen(QColor(theme.text))
        place = QRect(rect)
        if self.upright:
            painter.translate(rect.left(), rect.bottom())
            painter.rotate(-90)
            place = QRect(0, 0, rect.height(), rect.width())
        place.adjust(_PAD // 2, 0, -_PAD // 2, 0)
        # Letters that stand upright lose their hinting and run a little wider.
        room = place.width() * 15 // 16 if self.upright else place.width()
        elided = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
        sideways = self.orientation() is Qt.Orientation.Horizontal and not self.upright
        side = Qt.AlignmentFlag.AlignHCenter if sideways else Qt.AlignmentFlag.AlignLeft
        if self.orientation() is Qt.Orientation.Vertical:
            side = Qt.AlignmentFlag.AlignRight
        painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter, elided)
        painter.restore()

    def sizeHint(self) -> QSize:
        """As wide and high as the names need."""
        thick = QFontMetrics(self.font()).height() + _PAD
        if self.orientation() is Qt.Orientation.Vertical:
            return QSize(self.longest(), thick)
        return QSize(thick, self.longest() if self.upright else thick)


class ConfusionTable(QTableView):
    """The matrix itself; arrow keys walk it, Enter or a click chooses a cell.

    Signals:
        cell_chosen(int, int): index of the true and of the predicted class.
    """

    cell_chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.cells = ConfusionTableModel(self)
        self.columns = NameHeader(Qt.Orientation.Horizontal, self)
        self.rows = NameHeader(Qt.Orientation.Vertical, self)
        self.setHorizontalHeader(self.columns)
        self.setVerticalHeader(self.rows)
        self.setModel(self.cells)
        self.setItemDelegate(CellDelegate(self))
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        pixels = QAbstractItemView.ScrollMode.ScrollPerPixel
        self.setHorizontalScrollMode(pixels)
        self.setVerticalScrollMode(pixels)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet(
            "QTableView, QTableView::corner, QHeaderView, QTableCornerButton::section"
            " { background: transparent; border: none; }"
        )
        self.setAccessibleName(self.tr("Confusion matrix"))
        self.clicked.connect(self._choose)

    def show_evaluation(self, evaluation: Evaluation) -> None:
        """Takes other answers."""
        self.cells.show_evaluation(evaluation)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.setCurrentIndex(index)
            self.cell_chosen.emit(index.row(), index.column())

    def fit(self, room: QSize) -> None:
        """Takes as much of the room as it can use.

        Cells grow and shrink with the room; where even the smallest do not fit,
        the table scrolls.
        """
        classes = len(self.cells.class_names)
        if not classes:
            return
        self._fit_cells(room, classes)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        too_high = self._size_of_all().height() > room.height()
        if too_high:  # the cells must leave room for the scroll bar beside them
            self._fit_cells(room - QSize(bar, 0), classes)
        whole = self._size_of_all() + QSize(bar * too_high, 0)
        too_wide = whole.width() > room.width()
        shown, hidden = (
            Qt.ScrollBarPolicy.ScrollBarAlwaysOn,
            Qt.ScrollBarPolicy.ScrollBarAlwaysOff,
        )
        self.setHorizontalScrollBarPolicy(shown if too_wide else hidden)
        self.setVerticalScrollBarPolicy(shown if too_high else hidden)
        self.resize((whole + QSize(0, bar * too_wide)).boundedTo(room))
        self.updateGeometries()

    def _fit_cells(self, room: QSize, classes: int) -> None:
        """Shares the room between names and cells; names get what cells can spare."""
        spare = min(room.width() // 2, room.width() - classes * _COMFORTABLE)
        self.rows.limit = max(_LONGEST_NAME, spare)
        self.columns.limit = max(_LONGEST_NAME, room.height() // 3)
        digits = QFontMetrics(self.font()).horizontalAdvance(str(self.cells.largest()))
        least = max(_SMALLEST.width(), digits + _PAD + 4)
        width = (room.width() - self.rows.sizeHint().width()) // classes
        width = max(least, min(_LARGEST.width(), width))
        self.columns.upright = self.columns.longest() > width
        height = (room.height() - self.columns.sizeHint().height()) // classes
        height = max(_SMALLEST.height(), min(_LARGEST.height(), height))
        self.columns.setDefaultSectionSize(width)
        self.rows.setDefaultSectionSize(height)

    def _size_of_all(self) -> QSize:
        """What the table needs to show everything without scrolling."""
        return QSize(
            self.rows.sizeHint().width() + self.columns.length(),
            self.columns.sizeHint().height() + self.rows.length(),
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and the space bar choose the cell that has the focus."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self.currentIndex())
            return
        super().keyPressEvent(event)


class SideTitle(QWidget):
    """A heading that is read from below, for the rows of a table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self.setFixedWidth(QFontMetrics(self.font()).height() + 4)
        self.setAccessibleName(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the text from below upwards."""
        painter = QPainter(self)
        painter.setPen(QColor(current_theme().muted))
        painter.translate(0, self.height())
        painter.rotate(-90)
        place = QRect(0, 0, self.height(), self.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._text)


class ConfusionView(QWidget):
    """The matrix with its axes named.

    Signals:
        cell_chosen(int, int): index of the true and of the predicted class.
    """

    cell_chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.table = ConfusionTable()
        self.table.cell_chosen.connect(self.cell_chosen)
        self._top = label(self.tr("Predicted class"), "muted")
        self._top.setToolTip(self.tr("What the model said."))
        self._side = SideTitle(self.tr("True class"))
        self._side.setToolTip(self.tr("The folder in which the photo lies."))
        # Placed by hand: in a layout, a table that follows the room would change
        # the room that it follows, without end.
        for part in (self._top, self._side, self.table):
            part.setParent(self)
        self.setMinimumSize(260, 150)

    def show_evaluation(self, evaluation: Evaluation) -> None:
        """Takes other answers."""
        self.table.show_evaluation(evaluation)
        self._fit()

    def _fit(self) -> None:
        left = self._side.width() + _GAP
        top = self._top.sizeHint().height() + _GAP
        self.table.fit(self.size() - QSize(left, top))
        self.table.move(left, top)
        self._side.setGeometry(0, top, self._side.width(), self.table.height())
        self._top.move(left + self.table.rows.sizeHint().width() + 2, 0)
        self._top.adjustSize()

    def clear_choice(self) -> None:
        """No cell is chosen any more."""
        self.table.clearSelection()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fits the matrix to the room."""
        super().resizeEvent(event)
        self._fit()
