"""The layers of one block, for those who want to know."""

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from tlgui.core.layers import Block, Layer
from tlgui.gui.block_words import BlockWords, shape, whole_count
from tlgui.gui.controls import column, label, plain_table

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_OUTPUT, _PARAMETERS = 3, 4
_ROW_HEIGHT = 28


class LayerTableModel(QAbstractTableModel):
    """Name, kind, purpose, output shape, parameters and state of each layer."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words = BlockWords(self)
        self._layers: tuple[Layer, ...] = ()
        self._learns = False
        self._columns = (
            self.tr("Layer"),
            self.tr("Kind"),
            self.tr("What it does"),
            self.tr("Output"),
            self.tr("Parameters"),
            self.tr("Learns"),
        )

    def show_block(self, block: Block, learns: bool) -> None:
        """Takes another block, or another state of the block."""
        self.beginResetModel()
        self._layers, self._learns = block.layers, learns
        self.endResetModel()

    def _texts(self, layer: Layer) -> tuple[str, ...]:
        known = all(layer.output_shape)
        return (
            layer.name,
            layer.kind,
            self._words.kind(layer.kind),
            shape(layer.output_shape) if known else self.tr("your classes"),
            whole_count(layer.parameters) if known else "…",
            self._state(layer, known),
        )

    def _state(self, layer: Layer, known: bool) -> str:
        if known and not layer.trainable_parameters:
            return self.tr("nothing to learn")
        if not self._learns:
            return self.tr("frozen")
        if layer.trainable_parameters == layer.parameters:
            return self.tr("all")
        return self.tr("{some} of {all}").format(
            some=whole_count(layer.trainable_parameters),
            all=whole_count(layer.parameters),
        )

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """One row a layer."""
        return 0 if parent.isValid() else len(self._layers)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """As many as there are titles."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text of a cell; numbers stand on the right."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(self._layers[index.row()])[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """The titles of the columns."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None


class LayerTable(QWidget):
    """Shows the layers of one block, as tall as it has layers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table_model = LayerTableModel(self)
        self.view = QTableView()
        self.view.setModel(self.table_model)
        plain_table(self.view, _ROW_HEIGHT)
        self.view.setStyleSheet("QTableView::item { padding: 0px 5px; }")
        self.view.setAlternatingRowColors(True)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName(self.tr("Layers of the block"))
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        note = label(
            self.tr(
                "Batch normalization (BatchNormalization) of a frozen block works with "
                "the averages it learned long ago (inference mode), also while the "
                "rest learns. In a block that learns it follows your photos."
            ),
            "small",
            wrap=True,
        )
        self.setLayout(column(self.view, note))

    def show_block(self, block: Block, learns: bool) -> None:
        """Takes another block, or another state of the block."""
        self.table_model.show_block(block, learns)
        header = max(self.view.horizontalHeader().sizeHint().height(), _ROW_HEIGHT)
        rows = self.table_model.rowCount() * _ROW_HEIGHT
        self.view.setFixedHeight(header + rows + 4)


def _alignment(column_index: int) -> Qt.AlignmentFlag:
    numeric = column_index in (_OUTPUT, _PARAMETERS)
    side = Qt.AlignmentFlag.AlignRight if numeric else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
