"""Tells which backbone of the catalogue a foreign file belongs to."""

from tlgui.core.catalogue import CATALOGUE
from tlgui.ml.backbones import block_names, block_of, build_backbone
from tlgui.ml.foreign.matching import match_weights
from tlgui.ml.foreign.saved_layers import SavedLayer


def recognise(layers: tuple[SavedLayer, ...]) -> str | None:
    """Finds the backbone whose every layer is in a file, by name and shapes.

    Args:
        layers: of a file that the gate has opened.

    Returns:
        A name of the catalogue, or None: another architecture.
    """
    blocks = {block_of(layer.name) for layer in layers}
    names = [n for n in CATALOGUE if blocks.issuperset(block_names(n))]
    # A deep backbone holds the blocks of a shallow one of its family.
    for name in sorted(names, key=lambda n: -len(block_names(n))):
        model = build_backbone(name, pretrained=False)
        if not match_weights(layers, model).new:
            return name
    return None
