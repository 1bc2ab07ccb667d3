"""The list of classes with their counts and some of their photos."""

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QListView, QWidget

from tlgui.core.task import find_task
from tlgui.gui.class_delegate import ClassDelegate
from tlgui.gui.class_rows import ClassRow, class_rows
from tlgui.gui.data_texts import DataTexts
from tlgui.gui.session import Session
from tlgui.gui.thumbnails import Thumbnails

Index = QModelIndex | QPersistentModelIndex
_REPAINT = 40


class ClassListModel(QAbstractListModel):
    """One row a class of the session's data set."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._texts = DataTexts(self)
        self.rows: tuple[ClassRow, ...] = ()
        self.plural = ""
        session.dataset_changed.connect(self._on_dataset_changed)
        self._on_dataset_changed()

    @property
    def most(self) -> int:
        """Samples of the largest class."""
        return max((row.total for row in self.rows), default=0)

    @Slot()
    def _on_dataset_changed(self) -> None:
        dataset = self._session.dataset
        self.beginResetModel()
        self.rows = () if dataset is None else class_rows(dataset)
        self.plural = "" if dataset is None else find_task(dataset.task).plural
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """The number of classes."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The name, the counts in words, or the `ClassRow` itself."""
        row = self.rows[index.row()]
        counts = self._texts.counts(row, self.plural)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.name
            case Qt.ItemDataRole.UserRole:
                return row
            case Qt.ItemDataRole.StatusTipRole:
                return counts
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return f"{row.name}: {counts}"
        return None


class ClassList(QListView):
    """Shows the classes; few classes get more lines of photos each."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = Thumbnails(session.reading, self)
        self._repaint = QTimer(self, interval=_REPAINT, singleShot=True)
        self._repaint.timeout.connect(self.viewport().update)
        self._thumbnails.thumbnail_ready.connect(self._on_thumbnail_ready)
        self.class_model = ClassListModel(session, self)
        self._delegate = ClassDelegate(self._thumbnails, self)
        self.setModel(self.class_model)
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QListView { background: transparent; border: none; }")
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Classes"))
        self.class_model.modelReset.connect(self._on_reset)
        self._on_reset()

    @Slot(str)
    def _on_thumbnail_ready(self, file: str) -> None:
        if not self._repaint.isActive():  # several at once are painted together
            self._repaint.start()

    @Slot()
    def _on_reset(self) -> None:
        self._thumbnails.clear()
        self._delegate.most = self.class_model.most
        self.scrollToTop()
        self.setCurrentIndex(self.class_model.index(0))
        self._lay_out()

    def _lay_out(self) -> None:
        count = len(self.class_model.rows)
        if self._delegate.fit(self.viewport().size(), count, self.font()):
            self.scheduleDelayedItemsLayout()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Frames the current class for those who came with the keyboard."""
        keys = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._delegate.ring = event.reason() in keys
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Frames the current class from the first key on."""
        self._delegate.ring = True
        self.viewport().update()
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Gives few classes more lines of photos where there is room."""
        super().resizeEvent(event)
        self._lay_out()
