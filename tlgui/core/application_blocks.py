"""How the layers of `keras.applications` are grouped into blocks.

A pattern for names of layers, and the block that begins with the first of them; `{0}`
is what the pattern's group has matched. A person should see a picture of some twenty
blocks, so that deep models have several units in one.
"""

from collections.abc import Iterable, Iterator

Groups = tuple[tuple[str, str], ...]

_DENSE_UNITS, _DEEP_UNITS = 6, 3


def _numbered(
    pattern: str, block: str, units: range, size: int
) -> Iterator[tuple[str, str]]:
    """Some units together, each such block named by its first one.

    Args:
        pattern: of a unit, with `{}` for its number.
        block: with `{}` for the number of the first unit.
        units: the numbers of all.
        size: how many are together.
    """
    for start in range(0, len(units), size):
        together = units[start : start + size]
        which = "(?:" + "|".join(map(str, together)) + ")"
        yield pattern.format(which), block.format(together[0])


def _dense(stages: Iterable[int]) -> Iterator[tuple[str, str]]:
    """Of a dense block: each unit hands on all that came before."""
    for stage in stages:
        for part, letter in enumerate("abcdefgh"):
            first = part * _DENSE_UNITS + 1
            units = range(first, first + _DENSE_UNITS)
            yield from _numbered(
                rf"conv{stage}_block{{}}_", f"dense{stage}{letter}", units, len(units)
            )
        yield rf"pool{stage}_", f"transition{stage}"


MOBILE_V2: Groups = (
    (r"Conv1", "stem"),
    (r"expanded_conv_", "block0"),
    (r"block_(\d+)_", "block{0}"),
    (r"Conv_1", "top"),
)
MOBILE_V3: Groups = (
    (r"conv_1", "top"),
    (r"conv", "stem"),
    (r"expanded_conv_(\d+)_", "block{0}"),
    (r"expanded_conv_", "block0"),
)
EFFICIENT: Groups = (
    (r"stem_", "stem"),
    (r"(block\d+[a-z])_", "{0}"),
    (r"top_", "top"),
)
EFFICIENT_PAIRS: Groups = (
    (r"stem_", "stem"),
    *(
        (rf"(block\d+)[{pair}]_", "{0}" + pair[0])
        for pair in ("ab", "cd", "ef", "gh", "ij", "kl", "mn", "op")
    ),
    (r"top_", "top"),
)
_RESIDUAL_STEM: Groups = ((r"(?:conv1|pool1)_", "stem"),)
_RESIDUAL_REST: Groups = (
    (r"conv(\d)_block(\d+)_", "stage{0}block{1}"),
    (r"post_", "top"),
)
RESIDUAL: Groups = (*_RESIDUAL_STEM, *_RESIDUAL_REST)
RESIDUAL_DEEP: Groups = (
    *_RESIDUAL_STEM,
    *_numbered("conv4_block{}_", "stage4block{}", range(1, 24), _DEEP_UNITS),
    *_RESIDUAL_REST,
)
DENSE: Groups = ((r"(?:conv1|pool1)", "stem"), *_dense(range(2, 6)), (r"bn$", "top"))
_CONVNEXT_STEM: Groups = ((r"convnext_\w+_stem", "stem"),)
_CONVNEXT_REST: Groups = (
    (r"convnext_\w+_stage_(\d)_block_(\d+)_", "stage{0}block{1}"),
    (r"convnext_\w+_downsampling_block_(\d)", "down{0}"),
    (r"layer_normalization", "top"),
)
CONVNEXT: Groups = (*_CONVNEXT_STEM, *_CONVNEXT_REST)
CONVNEXT_DEEP: Groups = (
    *_CONVNEXT_STEM,
    *_numbered(
        r"convnext_\w+_stage_2_block_{}_", "stage2block{}", range(27), _DEEP_UNITS
    ),
    *_CONVNEXT_REST,
)
# Layer behind layer without names; `mixed0` to `mixed10` end their blocks.
INCEPTION: Groups = (
    (r"conv2d$", "stem"),
    (r"conv2d_5$", "mixed0"),
    *(
        (rf"conv2d_{n}$", f"mixed{k}")
        for k, n in enumerate((12, 19, 26, 30, 40, 50, 60, 70, 76, 85), 1)
    ),
)
# A cell takes what the two before it hand on: it can be divided at the stem only.
NASNET: Groups = ((r"stem_", "stem"), (r"(?!input)\w", "cells"))
BLOCKS: Groups = ((r"block(\d+)_", "block{0}"),)
