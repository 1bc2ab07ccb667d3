"""Tells which backbone of the catalogue a foreign file belongs to."""

import math
from collections import Counter
from collections.abc import Collection, Sequence

from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.ml.backbones import block_names, block_of, build_backbone
from tlgui.ml.foreign.matching import MatchReport, match_weights
from tlgui.ml.foreign.saved_layers import SavedLayer

# Dense layers and what lies between them, in a head of somebody else.
_MOST_HEAD_LAYERS = 10
_COMPARED = 2


def recognise(layers: Sequence[SavedLayer]) -> str | None:
    """Finds the backbone whose every layer is in a file, by name and shapes.

    Early versions of Keras 3 wrote no names beside weights; then places and shapes
    decide.

    Args:
        layers: of a file that the gate has opened.

    Returns:
        A name of the catalogue, or None: another architecture.
    """
    blocks = {_block(layer.name) for layer in layers}
    names = [n for n in CATALOGUE if blocks.issuperset(block_names(n))]
    if not any(_shared(blocks, n) for n in CATALOGUE):
        sizes = Counter(_numbers(layer) for layer in layers)
        names = [n for n in CATALOGUE if _has_room_for(sizes, n)]
    # A deep backbone holds the blocks of a shallow one of its family.
    for name in sorted(names, key=lambda n: -len(block_names(n))):
        report = _match(layers, name)
        few = len(report.unused) <= _MOST_HEAD_LAYERS
        if not report.new and few and not _has_more(report, name):
            return name
    return None


def nearest(layers: Sequence[SavedLayer]) -> tuple[str, MatchReport] | None:
    """The backbone with most layers in a file that is none, to tell what is missing.

    Returns:
        Its name and what matches; None if no backbone has even half of its layers
        there.
    """
    blocks = {_block(layer.name) for layer in layers}
    names = [n for n in CATALOGUE if _shared(blocks, n) >= 0.5]
    if not names:  # no use to ask for shapes
        return None
    # Building one takes seconds: only those whose layers have the right sizes.
    sizes = Counter(_numbers(layer) for layer in layers)
    names.sort(key=lambda n: _share_of_sizes(sizes, n), reverse=True)
    names = names[:_COMPARED]
    reports = {name: _match(layers, name) for name in names}
    name = max(reports, key=lambda n: len(reports[n].matched) / reports[n].total)
    report = reports[name]
    return (name, report) if 2 * len(report.matched) >= report.total else None


def _has_room_for(sizes: "Counter[int]", name: str) -> bool:
    """Whether a file has a layer of the right size for each of a backbone's."""
    return _sizes(name) <= sizes


def _share_of_sizes(sizes: "Counter[int]", name: str) -> float:
    """The share of a backbone's layers for which a file has one of the right size."""
    wanted = _sizes(name)
    return (wanted & sizes).total() / max(wanted.total(), 1)


def _sizes(name: str) -> "Counter[int]":
    blocks = find_backbone(name).blocks
    wanted = (la.parameters for block in blocks for la in block.layers)
    return Counter(size for size in wanted if size)


def _numbers(layer: SavedLayer) -> int:
    return sum(math.prod(weight.shape) for weight in layer.weights)


def _shared(blocks: Collection[str], name: str) -> float:
    """The share of a backbone's blocks that a file names."""
    ours = block_names(name)
    return sum(block in blocks for block in ours) / len(ours)


def _match(layers: Sequence[SavedLayer], name: str) -> MatchReport:
    model = build_backbone(find_backbone(name), pretrained=False)
    return match_weights(layers, model)


def _has_more(report: MatchReport, name: str) -> bool:
    """Whether the file has layers in blocks beside those of a backbone.

    Then it is a deeper backbone that is damaged; or another architecture, as the first
    EfficientNets are, which have every layer of a Lite and squeeze-and-excitation.
    """
    blocks = {block for n in CATALOGUE for block in block_names(n)}
    blocks.discard(block_names(name)[-1])  # a head may be called like the last block
    return not blocks.isdisjoint(map(_block, report.unused))


def _block(name: str) -> str:
    """The block of a layer, also of one in a model inside a model."""
    return block_of(name.rpartition("/")[2])
