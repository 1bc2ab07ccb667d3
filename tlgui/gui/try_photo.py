"""Trying the model: photos that are dropped, pasted or chosen, and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import (
    QColor,
    QIcon,
    QImage,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QStackedWidget,
    QWidget,
)

from tlgui.core.events import Prediction, Stage
from tlgui.core.images import EXTENSIONS
from tlgui.core.types import Pixels
from tlgui.gui.controls import GAP, button, card, column, label, row
from tlgui.gui.dropped import png_bytes
from tlgui.gui.percent import percent
from tlgui.gui.photo_grid import open_photo, to_pixmap
from tlgui.gui.prediction_view import PredictionView
from tlgui.gui.session import EngineState, Session
from tlgui.gui.theme import current_theme

_ICON, _PICTURE = 40, 360
_WITH_ICON = 100


@dataclass
class Tried:
    """One photo that the model is asked about.

    Attributes:
        source: the file, or the name of a pasted picture.
        item: its line in the list.
        pasted: the picture, if it has no file.
        answer: None while it is awaited.
    """

    source: str
    item: QListWidgetItem
    pasted: QPixmap | None = None
    answer: Prediction | None = None

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.source if self.pasted is not None else PurePath(self.source).name


class TryZone(QWidget):
    """The empty place that says what can be dropped on it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a dashed frame."""
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.muted), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(QColor(theme.card))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 10, 10)


class TryPhoto(QWidget):
    """Asks the session for answers, and shows them photo by photo."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._tried: list[Tried] = []
        self._queue: list[str | tuple[str, bytes]] = []
        self._sent: list[Tried] = []
        self.choose = button(self.tr("Choose photos…"), "primary")
        self.choose_more = button(self.tr("Choose photos…"))
        self.list = QListWidget()
        self.view = PredictionView()
        self.busy = label("", "muted")
        self.busy_bar = QProgressBar(maximum=0, textVisible=False)
        self.caveat = label("", "muted", wrap=True)
        self.nothing = label(
            self.tr("There is no photo in what you pasted or dropped. Try a file."),
            "warning",
        )
        self.nothing.hide()
        self.stack = QStackedWidget()
        self.stack.addWidget(self._empty_place())
        self.stack.addWidget(self._answers())
        self._busy_line = QWidget()
        self._busy_line.setLayout(row(self.busy, self.busy_bar, gap=12))
        whole = column(self.stack, self.nothing, self._busy_line, self.caveat)
        whole.setStretch(0, 1)
        self.setLayout(whole)
        self._listen()
        self._tell_busy()

    def _listen(self) -> None:
        self.choose.clicked.connect(self._choose_files)
        self.choose_more.clicked.connect(self._choose_files)
        self.list.currentRowChanged.connect(self._show_row)
        self.list.itemActivated.connect(self._open)
        session = self._session
        session.run_reset.connect(self._clear)
        session.run_ended.connect(self._tell_classes)
        session.run_opened.connect(self._tell_classes)
        session.predicted.connect(self._take_answer)
        session.prediction_ended.connect(self._end)
        session.stage_changed.connect(self._tell_busy)
        session.engine_changed.connect(self._tell_busy)
        session.reading.thumbnail_read.connect(self._take_thumbnail)

    def _empty_place(self) -> QWidget:
        zone = TryZone()
        paste = QKeySequence(QKeySequence.StandardKey.Paste)
        keys = paste.toString(QKeySequence.SequenceFormat.NativeText)
        texts = (
            label(self.tr("Drop a photo here to see what the model says"), "heading"),
            label(
                self.tr("Best one that it has never seen. Several are fine, too."),
                "muted",
            ),
            label(self.tr("Or paste a picture with {0}, or").format(keys), "muted"),
        )
        for text in texts:
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        middle = row(None, self.choose, None)
        zone.setLayout(column(None, *texts, middle, None, margin=GAP))
        return zone

    def _answers(self) -> QWidget:
        self.list.setIconSize(QSize(_ICON, _ICON))
        self.list.setFixedWidth(236)
        self.list.setSpacing(2)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Photos that were tried"))
        hint = label(self.tr("Drop or paste more photos anywhere on this page, or"))
        hint.setProperty("role", "muted")
        top = row(hint, self.choose_more, None)
        content = column(top, row(self.list, card(row(self.view)), gap=GAP))
        made = QWidget()
        made.setLayout(content)
        return made

    def take(self, photos: Sequence[str] | QImage) -> None:
        """Asks the model about files, or about a picture without a file."""
        if self._session.run_folder is None:
            return
        nothing = not photos
        self.nothing.setVisible(nothing)
        if nothing:
            return
        first = len(self._tried)
        if isinstance(photos, QImage):
            name = self._paste_name()
            self._add(name, QPixmap.fromImage(photos))
            self._queue.append((name, png_bytes(photos)))
        else:
            for file in photos:
                self._add(file)
                self._queue.append(file)
        self.stack.setCurrentIndex(1)
        self.list.setVisible(len(self._tried) > 1)
        self.list.setCurrentRow(first)
        self._send()

    def _paste_name(self) -> str:
        name = self.tr("pasted picture")
        number = sum(tried.pasted is not None for tried in self._tried)
        return f"{name} {number + 1}" if number else name

    def _add(self, source: str, pasted: QPixmap | None = None) -> Tried:
        tried = Tried(source, QListWidgetItem(), pasted)
        self._tried.append(tried)
        tried.item.setText(f"{tried.name}\n…")
        tried.item.setToolTip(source)
        self.list.addItem(tried.item)
        if pasted is not None:
            tried.item.setIcon(_icon(pasted))
        elif len(self._tried) <= _WITH_ICON:
            side = round(2 * _ICON * self.devicePixelRatioF())
            self._session.reading.request_thumbnail(source, side)
        return tried

    def _send(self) -> None:
        """Hands over what waits, once the photos before it are answered."""
        if self._queue and not self._session.predicting:
            sources, self._queue = self._queue, []
            self._sent = [tried for tried in self._tried if tried.answer is None]
            self._session.predict(sources)
        self._tell_busy()

    @Slot(object)
    def _take_answer(self, answer: Prediction) -> None:
        if not self._sent:
            return
        waiting = [tried for tried in self._sent if tried.answer is None]
        same = [tried for tried in waiting if tried.source == answer.source]
        self._answer(same[0] if same else self._add(answer.source), answer)

    def _answer(self, tried: Tried, answer: Prediction) -> None:
        tried.answer = answer
        told = self.tr("no answer")
        if answer.probabilities:
            told = f"{answer.class_names[0]} {percent(answer.probabilities[0])}"
        tried.item.setText(f"{tried.name}\n{told}")
        if tried.item is self.list.currentItem():
            self.view.show_answer(tried.name, answer)

    @Slot()
    def _end(self) -> None:
        for tried in self._sent:
            if tried.answer is not None:
                continue
            if self._is_folder(tried):
                self.list.takeItem(self._tried.index(tried))
                self._tried.remove(tried)
                continue
            why = self.tr("the model gave no answer; try it again")
            self._answer(tried, Prediction(tried.source, (), (), why))
        self._sent = []
        self.list.setVisible(len(self._tried) > 1)
        self._send()

    def _is_folder(self, tried: Tried) -> bool:
        """Whether the answers came for files in it."""
        folder = PurePath(tried.source)
        return any(folder in PurePath(other.source).parents for other in self._tried)

    @Slot()
    def _clear(self) -> None:
        self._tried, self._sent, self._queue = [], [], []
        self.list.clear()
        self.stack.setCurrentIndex(0)
        self._tell_busy()

    @Slot(int)
    def _show_row(self, place: int) -> None:
        if not 0 <= place < len(self._tried):
            return
        tried = self._tried[place]
        self.view.picture.show_picture(tried.pasted)
        if tried.answer is None:
            self.view.show_waiting(tried.name)
        else:
            self.view.show_answer(tried.name, tried.answer)
        if tried.pasted is None:
            side = round(_PICTURE * self.devicePixelRatioF())
            self._session.reading.request_thumbnail(tried.source, side)

    @Slot(str, object)
    def _take_thumbnail(self, file: str, pixels: Pixels | None) -> None:
        for place, tried in enumerate(self._tried):
            if tried.source != file or tried.pasted is not None or pixels is None:
                continue
            pixmap = to_pixmap(pixels)
            if tried.item.icon().isNull():
                tried.item.setIcon(_icon(pixmap))
            shown = self.view.picture.width_shown
            if place == self.list.currentRow() and pixmap.width() > shown:
                self.view.picture.show_picture(pixmap)

    @Slot()
    def _tell_classes(self) -> None:
        names = self._session.evaluation.class_names if self._session.evaluation else ()
        listed = ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
        self.caveat.setText(
            self.tr(
                "The answer is always one of the classes{0}, even when the photo shows "
                "something else entirely."
            ).format(f" ({listed})" if listed else "")
        )

    @Slot()
    def _tell_busy(self) -> None:
        waiting = sum(tried.answer is None for tried in self._tried)
        self._busy_line.setVisible(waiting > 0)
        if self._session.engine is EngineState.STARTING:
            text = self.tr("The engine is starting. This takes some seconds.")
        elif self._session.stage in (Stage.LOADING, Stage.TRACING):
            text = self.tr("Loading the model…")
        else:
            text = self.tr("Looking at the photos; {0} to go").format(waiting)
        self.busy.setText(text)

    @Slot()
    def _choose_files(self) -> None:
        endings = " ".join(f"*{ending}" for ending in sorted(EXTENSIONS))
        files, _ = QFileDialog.getOpenFileNames(
            self,
            self.tr("Choose photos to try"),
            "",
            self.tr("Photos ({0});;All files (*)").format(endings),
        )
        if files:
            self.take(files)

    @Slot(QListWidgetItem)
    def _open(self, item: QListWidgetItem) -> None:
        tried = self._tried[self.list.row(item)]
        if tried.pasted is None:
            open_photo(tried.source)


def _icon(pixmap: QPixmap) -> QIcon:
    """The middle square, so that all stand in one line."""
    side = min(pixmap.width(), pixmap.height())
    square = QRect(0, 0, side, side)
    square.moveCenter(pixmap.rect().center())
    return QIcon(
        pixmap.copy(square).scaled(
            2 * _ICON,
            2 * _ICON,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    )
