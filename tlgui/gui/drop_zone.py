"""What a newcomer sees: where to drop a folder, and how it should look."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from tlgui.gui.controls import GAP, SMALL_GAP, button, card, column, label, row
from tlgui.gui.folder_picture import Branch, FolderPicture
from tlgui.gui.recent_folders import RecentFolders
from tlgui.gui.session import Session
from tlgui.gui.settings import Settings
from tlgui.gui.theme import current_theme

_WIDEST = 1_200


def paint_dashed(widget: QWidget, ground: str, opacity: float = 1.0) -> None:
    """Fills a widget and frames it with dashes, as places to drop things are."""
    theme = current_theme()
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.accent), 2, Qt.PenStyle.DashLine))
    colour = QColor(ground)
    colour.setAlphaF(opacity)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(2, 2, -2, -2), 12, 12)
    painter.end()


class DropZone(QWidget):
    """A dashed place with a button for those who do not drag.

    Signals:
        choosing_asked: the person wants the folder dialog.
        table_asked: the person wants the dialog for a table.
    """

    choosing_asked = Signal()
    table_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table_button = button(self.tr("Choose a table…"), "link")
        self.table_button.setToolTip(
            self.tr(
                "A CSV file with a line for each photo: its file and its classes, of "
                "which there may be several, or none."
            )
        )
        self.table_button.clicked.connect(self.table_asked)
        self.choose_button = button(self.tr("Choose folder…"), "primary")
        self.choose_button.setToolTip(self.tr("Ctrl+O"))
        self.choose_button.clicked.connect(self.choosing_asked)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(150)
        self.setMaximumHeight(360)
        heading = label(self.tr("Drop a folder of photos here"), "heading")
        hint = label(self.tr("or"), "muted")
        safe = label(
            self.tr("Your photos stay on this computer. Nothing is uploaded."), "muted"
        )
        middle = Qt.AlignmentFlag.AlignHCenter
        layout = QVBoxLayout()
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(SMALL_GAP)
        layout.addStretch(1)
        for item in (heading, hint, self.choose_button, self.table_button):
            layout.addWidget(item, 0, middle)
        layout.addSpacing(SMALL_GAP)
        layout.addWidget(safe, 0, middle)
        layout.addStretch(1)
        self.setLayout(layout)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the dashes."""
        paint_dashed(self, current_theme().card)


class DropOverlay(QWidget):
    """Lies over the page while a folder is dragged across it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        says = label(self.tr("Let go to open this folder"), "title")
        says.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setLayout(column(says, margin=GAP))
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Lets the page shine through a little."""
        paint_dashed(self, current_theme().accent_soft, 0.94)


class EmptyView(QWidget):
    """The page before a folder is chosen.

    Signals:
        choosing_asked: the person wants the folder dialog.
        table_asked: the person wants the dialog for a table.
    """

    choosing_asked = Signal()
    table_asked = Signal()

    def __init__(
        self, session: Session, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.zone = DropZone()
        self.zone.choosing_asked.connect(self.choosing_asked)
        self.zone.table_asked.connect(self.table_asked)
        self.recent = RecentFolders(session, settings)
        lower = row(self._folder_card(), self.recent, gap=GAP)
        lower.setStretch(0, 3)
        lower.setStretch(1, 2)
        layout = column(
            label(self.tr("Your photos"), "title"),
            label(self.tr("Show the program what it is to tell apart."), "muted"),
            SMALL_GAP,
            self.zone,
            SMALL_GAP,
            lower,
        )
        layout.setStretchFactor(self.zone, 1)
        layout.addStretch(0)
        self.setLayout(layout)
        self.setMaximumWidth(_WIDEST)

    def _folder_card(self) -> QFrame:
        plain = FolderPicture(
            (
                Branch(0, self.tr("my photos")),
                Branch(1, self.tr("ants"), 4),
                Branch(1, self.tr("bees"), 4),
            ),
            self.tr("A folder “my photos” with the folders “ants” and “bees” in it"),
        )
        divided = FolderPicture(
            (
                Branch(0, self.tr("my photos")),
                Branch(1, "train"),
                Branch(2, self.tr("ants"), 3),
                Branch(2, self.tr("bees"), 3),
                Branch(1, "val"),
                Branch(2, self.tr("ants"), 2),
                Branch(2, self.tr("bees"), 2),
            ),
            self.tr("The same below the folders “train” and “val”"),
        )
        top = Qt.AlignmentFlag.AlignTop
        left = column(label(self.tr("One folder for each class"), "muted"), plain, None)
        right = column(
            label(self.tr("or already divided for checking"), "muted"), divided, None
        )
        pictures = row(left, 2 * GAP, right, None)
        pictures.setAlignment(top)
        names = self.tr("Folder names become class names. 20 or more photos in each.")
        table = self.tr(
            "Or a table (CSV) with a line for each photo: its file and its classes. "
            "Only there a photo may show several classes, or none."
        )
        return card(
            column(
                label(self.tr("How the folder should look"), "heading"),
                label(names, "muted", wrap=True),
                4,
                pictures,
                4,
                label(table, "muted", wrap=True),
            )
        )
