"""Tells which backbone of the catalogue a foreign file belongs to."""

from collections.abc import Sequence

from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.ml.backbones import block_names, block_of, build_backbone
from tlgui.ml.foreign.matching import MatchReport, match_weights
from tlgui.ml.foreign.saved_layers import SavedLayer


def recognise(layers: Sequence[SavedLayer]) -> str | None:
    """Finds the backbone whose every layer is in a file, by name and shapes.

    Args:
        layers: of a file that the gate has opened.

    Returns:
        A name of the catalogue, or None: another architecture.
    """
    blocks = {_block(layer.name) for layer in layers}
    names = [n for n in CATALOGUE if blocks.issuperset(block_names(n))]
    # A deep backbone holds the blocks of a shallow one of its family.
    for name in sorted(names, key=lambda n: -len(block_names(n))):
        report = _match(layers, name)
        if not report.new and not _has_other_blocks(report, name):
            return name
    return None


def nearest(layers: Sequence[SavedLayer]) -> tuple[str, MatchReport] | None:
    """The backbone with most layers in a file that is none, to tell what is missing.

    Returns:
        Its name and what matches; None if no backbone has even half of its layers
        there.
    """
    reports = {name: _match(layers, name) for name in CATALOGUE}
    name = max(reports, key=lambda n: len(reports[n].matched) / reports[n].total)
    report = reports[name]
    return (name, report) if 2 * len(report.matched) >= report.total else None


def _match(layers: Sequence[SavedLayer], name: str) -> MatchReport:
    model = build_backbone(find_backbone(name), pretrained=False)
    return match_weights(layers, model)


def _has_other_blocks(report: MatchReport, name: str) -> bool:
    """Whether the file has blocks of a deeper backbone: then it is a damaged one."""
    ours = set(block_names(name))
    others = {block for n in CATALOGUE for block in block_names(n)} - ours
    return not others.isdisjoint(map(_block, report.unused))


def _block(name: str) -> str:
    """The block of a layer, also of one in a model inside a model."""
    return block_of(name.rpartition("/")[2])
