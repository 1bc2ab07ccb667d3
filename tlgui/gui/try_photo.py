"""Trying the model: photos that are dropped, pasted or chosen, and their answers."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QListWidgetItem,
    QProgressBar,
    QStackedWidget,
    QWidget,
)

from tlgui.core.events import Prediction, Stage
from tlgui.core.images import EXTENSIONS
from tlgui.core.label_report import LabelEvaluation
from tlgui.core.types import Pixels
from tlgui.gui.controls import GAP, button, card, column, label, row
from tlgui.gui.dropped import png_bytes
from tlgui.gui.photo_grid import open_photo
from tlgui.gui.prediction_view import PredictionView
from tlgui.gui.session import EngineState, Session
from tlgui.gui.theme import current_theme
from tlgui.gui.thumbnails import whole
from tlgui.gui.tried_list import Tried, TriedList

_PICTURE = 360
_LONGEST_LIST = 48


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
        self._queue: list[str | tuple[str, bytes]] = []
        self._sent: list[Tried] = []
        self.choose = button(self.tr("Choose photos…"), "primary")
        self.choose_more = button(self.tr("Choose photos…"))
        self.list = TriedList(session)
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
        self.list.currentRowChanged.connect(self._show_current)
        self.list.itemActivated.connect(self._open)
        session = self._session
        session.run.emptied.connect(self._clear)
        session.run.ended.connect(self._tell_classes)
        session.run.opened.connect(self._tell_classes)
        session.answers.given.connect(self._take_answer)
        session.answers.ended.connect(self._end)
        session.starts.import_changed.connect(self._send)
        session.run.stage_changed.connect(self._tell_busy)
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
        hint = label(self.tr("Drop or paste more photos anywhere on this page, or"))
        hint.setProperty("role", "muted")
        top = row(hint, self.choose_more, None)
        content = column(top, row(self.list, card(row(self.view)), gap=GAP))
        made = QWidget()
        made.setLayout(content)
        return made

    def take(self, photos: Sequence[str] | QImage) -> None:
        """Asks the model about files, or about a picture without a file."""
        if not self._session.run.has_result:
            return
        nothing = not photos
        self.nothing.setVisible(nothing)
        if nothing:
            return
        first = self.list.count()
        if isinstance(photos, QImage):
            name = self._paste_name()
            self.list.add(name, QPixmap.fromImage(photos))
            self._queue.append((name, png_bytes(photos)))
        else:
            for file in photos:
                self.list.add(file)
                self._queue.append(file)
        self.stack.setCurrentIndex(1)
        self.list.setCurrentRow(first)
        self._send()

    def _paste_name(self) -> str:
        name = self.tr("pasted picture")
        return f"{name} {self.list.pasted + 1}" if self.list.pasted else name

    @Slot()
    def _send(self) -> None:
        """Hands over what waits, once the photos before it are answered."""
        if self._queue and not self._session.occupied():
            sources, self._queue = self._queue, []
            self._sent = self.list.waiting
            self._session.predict(sources)
        self._tell_busy()

    @Slot(object)
    def _take_answer(self, answer: Prediction) -> None:
        if not self._sent:
            return
        waiting = [tried for tried in self._sent if tried.answer is None]
        same = [tried for tried in waiting if tried.source == answer.source]
        self.list.answer(same[0] if same else self.list.add(answer.source), answer)
        self._show_answer()
        self._tell_busy()

    @Slot()
    def _end(self) -> None:
        for tried in self._sent:
            if tried.answer is None and not self.list.drop_folder(tried):
                why = self.tr("the model gave no answer; try it again")
                self.list.answer(tried, Prediction(tried.source, (), (), why))
        self._sent = []
        self._show_answer()
        self._send()

    @Slot()
    def _clear(self) -> None:
        self._sent, self._queue = [], []
        self.list.forget()
        self.stack.setCurrentIndex(0)
        self._tell_busy()

    @Slot()
    def _show_current(self) -> None:
        """Shows the chosen photo and asks for it in a good size."""
        tried = self.list.current
        if tried is None:
            return
        self.view.picture.show_picture(tried.pasted)
        self._show_answer()
        if tried.pasted is None:
            side = round(_PICTURE * self.devicePixelRatioF())
            self._session.reading.request_thumbnail(tried.source, side)

    def _show_answer(self) -> None:
        tried = self.list.current
        if tried is None:
            return
        if tried.answer is None:
            self.view.show_waiting(tried.name)
        else:
            self.view.show_answer(tried.name, tried.answer)

    @Slot(str, object)
    def _take_thumbnail(self, file: str, pixels: Pixels | None) -> None:
        tried = self.list.current
        if tried is None or tried.source != file or pixels is None:
            return
        # Small ones come in for the list and other pages, too.
        if tried.pasted is None and pixels.shape[1] > self.view.picture.width_shown:
            self.view.picture.show_picture(whole(pixels))

    @Slot()
    def _tell_classes(self) -> None:
        known = self._session.run.evaluation
        names = ", ".join(known.class_names) if known is not None else ""
        listed = f" ({names})" if 0 < len(names) <= _LONGEST_LIST else ""
        if isinstance(known, LabelEvaluation):
            self.caveat.setText(
                self.tr(
                    "For each class it has learned{0} the model says how probable it "
                    "is; what is above 50 % counts as shown. It cannot name anything "
                    "else."
                ).format(listed)
            )
            return
        self.caveat.setText(
            self.tr(
                "The answer is always one of the classes it has learned{0}, even when "
                "the photo shows something else entirely."
            ).format(listed)
        )

    @Slot()
    def _tell_busy(self) -> None:
        waiting = len(self.list.waiting)
        self._busy_line.setVisible(waiting > 0)
        if self._session.engine is EngineState.STARTING:
            text = self.tr("The engine is starting. This takes some seconds.")
        elif self._session.run.stage in (Stage.LOADING, Stage.TRACING):
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
        tried = self.list.photos[self.list.row(item)]
        if tried.pasted is None:
            open_photo(tried.source)
