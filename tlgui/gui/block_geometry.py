"""Where the parts of the picture of a backbone stand, as plain numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tlgui.core.layers import Block

GAP = 3
STEP_GAP = 9
_WIDEST = 80
_END_SHARE = 0.07
_LEAST_END, _WIDEST_END = 70.0, 130.0


@dataclass(frozen=True)
class Places:
    """The columns of the picture, each as (left, width) in pixels.

    Attributes:
        photo: of the person's photo.
        blocks: of the blocks, from input to head.
        head: of the head.
    """

    photo: tuple[float, float]
    blocks: tuple[tuple[float, float], ...]
    head: tuple[float, float]


def steps(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Runs of blocks that see the photo equally fine, as (first, last) indices."""
    runs: list[tuple[int, int]] = []
    for index, block in enumerate(blocks):
        if index and block.fields == blocks[index - 1].fields:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


def least_width(blocks: Sequence[Block], narrowest: float) -> float:
    """The width below which the texts of the picture would be cut.

    Args:
        blocks: from input to head.
        narrowest: width of the widest text below a block.
    """
    return 2 * _LEAST_END + _between_width(blocks) + narrowest * len(blocks)


def place(blocks: Sequence[Block], width: float, narrowest: float) -> Places:
    """Shares a width among photo, blocks and head."""
    end = min(max(width * _END_SHARE, _LEAST_END), _WIDEST_END)
    fixed = 2 * end + _between_width(blocks)
    each = min(max((width - fixed) / max(1, len(blocks)), narrowest), _WIDEST)
    start = max(0.0, (width - fixed - each * len(blocks)) / 2)
    start += GAP / 2
    left = start + end + STEP_GAP
    columns: list[tuple[float, float]] = []
    for first, last in steps(blocks):
        for _ in range(first, last + 1):
            columns.append((left, each))
            left += each + GAP
        left += STEP_GAP - GAP
    return Places((start, end), tuple(columns), (left, end))


def height_share(block: Block, blocks: Sequence[Block]) -> float:
    """How tall a block is drawn: the finer it sees the photo, the taller."""
    sides = [other.fields[0] for other in blocks]
    return _on_scale(block.fields[0], min(sides), max(sides), 0.42)


def width_share(block: Block, blocks: Sequence[Block]) -> float:
    """How wide a block is drawn: the more values it has for a place, the wider."""
    depths = [other.output_shape[-1] for other in blocks]
    return _on_scale(block.output_shape[-1], min(depths), max(depths), 0.62)


def _on_scale(value: int, low: int, high: int, least: float) -> float:
    if high == low:
        return 1.0
    share = math.log(value / low) / math.log(high / low)
    return least + (1 - least) * share


def _between_width(blocks: Sequence[Block]) -> float:
    """The width of all gaps together, with half a gap at both ends."""
    groups = len(steps(blocks))
    return GAP * (len(blocks) - groups + 1) + STEP_GAP * (groups + 1)
