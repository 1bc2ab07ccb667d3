"""How the learning rate changes while a phase lasts, as a share of its largest value.

A schedule is a chain of pieces, so that numpy and TensorFlow compute the same.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

SCHEDULES: Mapping[str, str] = MappingProxyType(
    {
        "cosine": "Falls smoothly to zero. A safe choice.",
        "warm-up": "Rises during the first tenth, then falls smoothly to zero.",
        "one-cycle": "Rises for a quarter of the time and falls to almost zero.",
        "constant": "Stays the same.",
        "plateau": "Falls to a third when two epochs in a row brought nothing.",
        "bit": "Rises, then falls to a tenth three times (BiT's HyperRule).",
    }
)
COSINE, CONSTANT, PLATEAU, BIT = "cosine", "constant", "plateau", "bit"
PLATEAU_EPOCHS, PLATEAU_FACTOR = 2, 1 / 3
# https://github.com/google-research/big_transfer, `bit_hyperrule.py`: of few steps
# the first fifth warms up, of many the first twentieth.
_MANY_STEPS = 2_000


@dataclass(frozen=True)
class Piece:
    """A part of a schedule.

    Attributes:
        end: where it ends, as a share of all steps.
        first: share of the learning rate where it begins.
        last: where it ends.
        is_curved: along half a cosine, or else along a straight line.
    """

    end: float
    first: float
    last: float
    is_curved: bool = False


_PIECES: Mapping[str, tuple[Piece, ...]] = MappingProxyType(
    {
        "cosine": (Piece(1.0, 1.0, 0.0, is_curved=True),),
        # https://arxiv.org/abs/1706.02677, section 2.2
        "warm-up": (Piece(0.1, 0.05, 1.0), Piece(1.0, 1.0, 0.0, is_curved=True)),
        # https://arxiv.org/abs/1708.07120, with cosines as in fastai
        "one-cycle": (
            Piece(0.25, 1 / 25, 1.0, is_curved=True),
            Piece(1.0, 1.0, 1e-5, is_curved=True),
        ),
        "constant": (Piece(1.0, 1.0, 1.0),),
        "plateau": (Piece(1.0, 1.0, 1.0),),
    }
)


def pieces_of(schedule: str, steps: int) -> tuple[Piece, ...]:
    """The pieces of a schedule.

    Args:
        schedule: one of `SCHEDULES`.
        steps: of the phase.

    Raises:
        KeyError: there is no such schedule.
    """
    if schedule != BIT:
        return _PIECES[schedule]
    ends = (0.2, 0.4, 0.6, 0.8, 1.0)
    if steps > _MANY_STEPS:
        ends = (0.05, 0.3, 0.6, 0.9, 1.0)
    levels = (1.0, 0.1, 0.01, 0.001)
    falling = [
        Piece(end, level, level) for end, level in zip(ends[1:], levels, strict=True)
    ]
    return (Piece(ends[0], 0.0, 1.0), *falling)


def share_at(schedule: str, done: int, steps: int) -> float:
    """The share of the learning rate in the step after `done` of `steps` steps.

    Example:
        >>> share_at("warm-up", 10, 100)
        1.0
    """
    at, begin = min(done, steps) / max(steps, 1), 0.0
    pieces = pieces_of(schedule, steps)
    for piece in pieces:
        if at < piece.end or piece is pieces[-1]:
            way = (at - begin) / (piece.end - begin)
            if piece.is_curved:
                way = 0.5 * (1.0 - math.cos(math.pi * way))
            return piece.first + (piece.last - piece.first) * way
        begin = piece.end
    raise AssertionError("a schedule has pieces")


def plateau_share(losses: Sequence[float]) -> float:
    """The share after some epochs of a phase with the schedule `plateau`.

    Args:
        losses: on the validation samples, of the phase's finished epochs.
    """
    best, waited, share = math.inf, 0, 1.0
    for loss in losses:
        if loss < best:
            best, waited = loss, 0
            continue
        waited += 1
        if waited == PLATEAU_EPOCHS:
            share, waited = share * PLATEAU_FACTOR, 0
    return share
