"""What a person can say of a network of their own that its file does not say."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from tlgui.core.model_notes import PIXELS, USUAL_PIXELS, ModelNotes, class_names_in
from tlgui.gui.controls import button, label, row

_NARROW = 150


class NetworkNotes(QWidget):
    """Pixel values and class names, to have a file read again with them.

    Signals:
        given(ModelNotes): the file is to be read with these.
    """

    given = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ModelNotes()
        pixels = label(self.tr("Pixels:"), "muted")
        self.pixels = QComboBox()
        self.pixels.addItem(self.tr("as the file says, or {0}").format(USUAL_PIXELS))
        self.pixels.addItems(list(PIXELS))
        self.pixels.setToolTip(
            self.tr(
                "The values that the pixels had when the network was trained: a "
                "program that divides photos by 255 makes them 0..1."
            )
        )
        self.pixels.setAccessibleName(self.tr("Pixel values the network expects"))
        classes = label(self.tr("Classes:"), "muted")
        self.classes = QLineEdit()
        self.classes.setPlaceholderText(self.tr("0, 1, 2 …"))
        self.classes.setToolTip(
            self.tr(
                "What the outputs of the network are called, in order, with commas "
                "between them. Folders of these names go on with what it has learned."
            )
        )
        self.classes.setAccessibleName(self.tr("Names of its classes, in order"))
        self.classes.setMinimumWidth(_NARROW)
        self.again = button(self.tr("Read again"))
        self.again.setToolTip(self.tr("Reads the model file again with these"))
        line = row(pixels, self.pixels, classes, self.classes, self.again)
        line.setContentsMargins(0, 4, 0, 0)
        line.setStretch(3, 1)
        self.setLayout(line)
        self.pixels.currentIndexChanged.connect(self._show_again)
        self.classes.textChanged.connect(self._show_again)
        self.classes.returnPressed.connect(self._give)
        self.again.clicked.connect(self._give)
        self._show_again()

    @property
    def notes(self) -> ModelNotes:
        """What is said now."""
        chosen = self.pixels.currentText() if self.pixels.currentIndex() else ""
        return ModelNotes(chosen, class_names_in(self.classes.text()))

    def show_notes(self, notes: ModelNotes) -> None:
        """Shows with what the file was read."""
        self._shown = notes
        names = list(PIXELS)
        self.pixels.setCurrentIndex(
            names.index(notes.pixels) + 1 if notes.pixels in names else 0
        )
        self.classes.setText(", ".join(notes.class_names))
        self._show_again()

    @Slot()
    def _show_again(self) -> None:
        self.again.setEnabled(self.notes != self._shown)

    @Slot()
    def _give(self) -> None:
        if self.notes != self._shown:
            self.given.emit(self.notes)
