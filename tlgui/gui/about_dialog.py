"""About: what this is, and whose work is in it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QWidget

from tlgui import __version__
from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import CATALOGUE
from tlgui.gui.controls import GAP, card, column, label, scrolled


class AboutDialog(QDialog):
    """Shows version, licence, and licence and source of every pretrained weight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Transfer Learning Studio"))
        self.resize(640, 520)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        # Some platforms put a dark icon on it, which is lost on a dark ground.
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
        buttons.rejected.connect(self.reject)
        content = QWidget()
        content.setLayout(
            column(*map(self._weights, CATALOGUE.values()), None, gap=GAP)
        )
        self.setLayout(
            column(
                label(f"Transfer Learning Studio {__version__}", "title"),
                label(
                    self.tr(
                        "Fine-tunes pretrained models on your own photos. Nothing "
                        "leaves this computer. Free software under the Apache "
                        "License 2.0; it stands on Qt and PySide6 (LGPL), TensorFlow "
                        "and Keras (Apache-2.0), NumPy (BSD), Pillow (MIT-CMU) and "
                        "pyqtgraph (MIT)."
                    ),
                    wrap=True,
                ),
                label(self.tr("The pretrained weights"), "heading"),
                scrolled(content),
                buttons,
                gap=GAP,
                margin=20,
            )
        )

    def _weights(self, backbone: Backbone) -> QWidget:
        text = self.tr(
            "Licence: {licence}<br>Source: {source}<br>ImageNet top-1 accuracy "
            '{top1:.1%}, published at <a href="{link}">{link}</a>'
        ).format(
            licence=backbone.licence,
            source=backbone.source,
            top1=backbone.top1,
            link=backbone.top1_source,
        )
        told = QLabel(text)
        told.setWordWrap(True)
        told.setOpenExternalLinks(True)
        told.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        return card(column(label(backbone.title, "heading"), told))
