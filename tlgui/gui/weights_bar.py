"""Below the models: the chosen one's weights, if they are not on this computer."""

from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFileDialog, QFrame, QProgressBar, QWidget

from tlgui.core.catalogue import find_backbone
from tlgui.gui.controls import GAP, button, column, label, row, set_role
from tlgui.gui.durations import duration_text
from tlgui.gui.session import Session

_FULL = 1_000


class WeightsBar(QFrame):
    """Says what must be downloaded, from where, and how far it is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._weights = session.weights
        self.sentence = label("", wrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, _FULL)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the download"))
        self.told = label("", "small", wrap=True)
        self.download = button(self.tr("Download"))
        self.folder = button(self.tr("Take from a folder…"), "link")
        self.folder.setToolTip(
            self.tr(
                "For a computer without a network: download the file on another one, "
                "and bring it along, for example on a USB stick."
            )
        )
        self.stop = button(self.tr("Stop the download"))
        self.setProperty("role", "notice")
        text = column(self.sentence, self.bar, self.told, gap=6)
        line = row(text, self.folder, self.download, self.stop, gap=GAP)
        line.setStretch(0, 1)
        line.setContentsMargins(GAP, 10, GAP, 10)
        self.setLayout(line)
        self.download.clicked.connect(self._on_download)
        self.stop.clicked.connect(self._weights.stop)
        self.folder.clicked.connect(self._on_folder)
        self._weights.changed.connect(self.show_state)
        self._weights.arrived.connect(self.show_state)
        session.spec_changed.connect(self.show_state)
        session.status_changed.connect(self.show_state)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Tells of the chosen backbone, or of the download that is under way."""
        weights, spec = self._weights, self._session.spec
        is_loading = bool(weights.loading)
        is_missing = not spec.start and not weights.are_here(self._session.backbone)
        self.setVisible(is_loading or is_missing)
        self.sentence.setText(self._loading() if is_loading else self._missing())
        self.bar.setVisible(is_loading)
        self.bar.setValue(round(_FULL * weights.done / max(weights.total, 1)))
        self.told.setText(weights.told)
        self.told.setVisible(bool(weights.told))
        set_role(self.told, "bad" if weights.has_failed else "small")
        self.stop.setVisible(is_loading)
        for wish in (self.download, self.folder):
            wish.setVisible(not is_loading)
            wish.setEnabled(weights.can_fetch)

    def _missing(self) -> str:
        backbone = self._session.backbone
        published = backbone.published
        place = urlsplit(published.address).hostname if published else ""
        return self.tr(
            "{title} is not on this computer yet: about {size} MB, once, from {place}. "
            "The download sends nothing of yours. Training begins with it if you do "
            "not start it here."
        ).format(
            title=backbone.title,
            size=f"{backbone.size_to_download / 1e6:.0f}",
            place=place,
        )

    def _loading(self) -> str:
        weights = self._weights
        text = self.tr("Downloading {name}: {done} of {total} MB").format(
            name=find_backbone(weights.loading).title,
            done=f"{weights.done / 1e6:.0f}",
            total=f"{weights.total / 1e6:.0f}" if weights.total else "?",
        )
        left = weights.seconds_left()
        if left is not None:
            text += self.tr(", {0} left").format(duration_text(round(left)))
        return text

    @Slot()
    def _on_download(self) -> None:
        self._weights.download(self._session.backbone)

    @Slot()
    def _on_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("A folder with pretrained weights"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._weights.bring)
        dialog.open()
