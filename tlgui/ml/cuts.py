"""Where a backbone is divided into layers that are frozen and layers that learn."""

from dataclasses import dataclass
from typing import Any

from tlgui.core.backbone import Backbone
from tlgui.ml.backbones import block_of

POOLED = "pooled"
CONVERTER_VERSION = 1


@dataclass(frozen=True)
class Cut:
    """Where a backbone is divided.

    Attributes:
        backbone: the whole.
        block: the last frozen block; `POOLED` for the pooled output of all blocks.
    """

    backbone: Backbone
    block: str

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample's activations."""
        if self.block == POOLED:
            return (self.backbone.features,)
        blocks = {block.name: block for block in self.backbone.blocks}
        return blocks[self.block].output_shape

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one decoded sample."""
        return (self.backbone.input_size, self.backbone.input_size, 3)

    @property
    def name(self) -> str:
        """A name for files, unique to the numbers that come out."""
        sha = self.backbone.weights_id[:12]
        return f"{self.backbone.name}-{sha}-{self.block}-{CONVERTER_VERSION}"


@dataclass(frozen=True)
class Span:
    """The layers between two cuts of one backbone.

    Attributes:
        start: whose activations go in.
        end: whose activations come out.
    """

    start: Cut
    end: Cut

    @property
    def backbone(self) -> Backbone:
        """The whole."""
        return self.end.backbone

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample's activations."""
        return self.end.shape

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of what goes in for one sample."""
        return self.start.shape

    @property
    def name(self) -> str:
        """A name for files, unique to the numbers that come out."""
        return f"{self.end.name}-from-{self.start.block}"


def find_cut(backbone: Backbone, trainable: tuple[str, ...]) -> Cut | None:
    """The last frozen block in front of the first that may change.

    Returns:
        The cut, or None if the very first block may change.
    """
    last = None
    for block in backbone.blocks:
        if block.name in trainable:
            return Cut(backbone, last) if last else None
        last = block.name
    return Cut(backbone, POOLED)


def is_untouched(cut: Cut, learned: tuple[str, ...]) -> bool:
    """Whether all blocks up to a cut are as they were pretrained.

    Args:
        cut: behind a frozen block.
        learned: the blocks that have learned already.
    """
    for block in cut.backbone.blocks:
        if block.name in learned:
            return False
        if block.name == cut.block:
            break
    return True


# Layers without those that learn: from the input, or from an earlier cut.
Part = Cut | Span


def prefix_model(backbone_model: Any, cut: Part) -> Any:
    """The part of a backbone up to the cut, as a Keras model that shares its layers."""
    import keras

    if isinstance(cut, Span):
        start, end = cut_output(backbone_model, cut.start), cut.end
    else:
        start, end = backbone_model.input, cut
    if end.block == POOLED:
        pooled = keras.layers.GlobalAveragePooling2D()(backbone_model.output)
        return keras.Model(start, pooled)
    return keras.Model(start, cut_output(backbone_model, end))


def cut_output(keras_model: Any, cut: Cut) -> Any:
    """The tensor that the last frozen block hands on."""
    last = [la for la in keras_model.layers if block_of(la.name) == cut.block][-1]
    return last.output
