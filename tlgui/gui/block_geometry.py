"""Where the parts of the picture of a backbone stand, as plain numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tlgui.core.layers import Block

PHOTO_WIDTH = 70
HEAD_WIDTH = 70
GAP = 3
STEP_GAP = 9
_WIDEST = 80


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
        if index and block.output_shape[:-1] == blocks[index - 1].output_shape[:-1]:
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
    return _fixed_width(blocks) + narrowest * len(blocks)


def place(blocks: Sequence[Block], width: float, narrowest: float) -> Places:
    """Shares a width among photo, blocks and head."""
    spare = (width - _fixed_width(blocks)) / max(1, len(blocks))
    each = min(max(spare, narrowest), _WIDEST)
    used = _fixed_width(blocks) + each * len(blocks)
    start = max(0.0, (width - used) / 2)
    left = start + PHOTO_WIDTH + STEP_GAP
    columns: list[tuple[float, float]] = []
    for first, last in steps(blocks):
        for _ in range(first, last + 1):
            columns.append((left, each))
            left += each + GAP
        left += STEP_GAP - GAP
    return Places((start, PHOTO_WIDTH), tuple(columns), (left, HEAD_WIDTH))


def height_share(block: Block, blocks: Sequence[Block]) -> float:
    """How tall a block is drawn: the finer it sees the photo, the taller."""
    sides = [other.output_shape[0] for other in blocks]
    return _between(block.output_shape[0], min(sides), max(sides), 0.42)


def width_share(block: Block, blocks: Sequence[Block]) -> float:
    """How wide a block is drawn: the more values it has for a place, the wider."""
    depths = [other.output_shape[-1] for other in blocks]
    return _between(block.output_shape[-1], min(depths), max(depths), 0.62)


def _between(value: int, low: int, high: int, least: float) -> float:
    if high == low:
        return 1.0
    share = math.log(value / low) / math.log(high / low)
    return least + (1 - least) * share


def _fixed_width(blocks: Sequence[Block]) -> float:
    groups = len(steps(blocks))
    between = GAP * (len(blocks) - groups) + STEP_GAP * (groups + 1)
    return PHOTO_WIDTH + HEAD_WIDTH + between
