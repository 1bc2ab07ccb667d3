"""In which order the parts of a model begin to change, and how fast."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from tlgui.core.catalogue import find_backbone
from tlgui.core.schedules import COSINE
from tlgui.core.spec import TrainingSpec

FINE_TUNING_SHARE = 0.05
# With discriminative rates the very first block learns so much slower than the last
# (https://docs.fast.ai/callback.schedule.html#learner.fine_tune: `lr_mult`).
SLOWEST_SHARE = 0.01
# Blocks are unfrozen in at most so many groups: each one is traced anew.
_MOST_GROUPS = 4


@dataclass(frozen=True)
class Phase:
    """Consecutive epochs in which the same parts change.

    Attributes:
        first_epoch: counted from 1.
        epochs: how many.
        trainable: the backbone's blocks that change; the head always does.
        learning_rate: the largest.
        schedule: how the learning rate changes; one of `SCHEDULES`.
        rates: by block, the share of the learning rate at which it learns; all of it
            if a block is not named.
        weighs_blocks: whether each step finds such shares itself (Auto-RGN).
        learned: the blocks that earlier phases have changed.
    """

    first_epoch: int
    epochs: int
    trainable: tuple[str, ...]
    learning_rate: float
    schedule: str = COSINE
    rates: tuple[tuple[str, float], ...] = ()
    weighs_blocks: bool = False
    learned: tuple[str, ...] = ()


def plan_phases(spec: TrainingSpec) -> tuple[Phase, ...]:
    """Splits a run into phases.

    `direct`: everything from the first step. All others train the head alone during
    the first third, so that its start from nothing does not disturb pretrained blocks
    (linear probe, then fine-tune; https://arxiv.org/abs/2202.10054), and then the
    chosen blocks too, in steps of a twentieth of the size:

    - `lp-ft`: all of them at once;
    - `gradual`: the topmost first, then the others in up to four groups from top to
      bottom (https://arxiv.org/abs/1801.06146, section 3.3);
    - `discriminative`: the lower a block, the slower (the same, section 3.2);
    - `auto-rgn`: each block at a rate by its relative gradient norm in every step
      (https://arxiv.org/abs/2210.11466, section 4).
    """
    if not spec.trainable or spec.strategy == "direct":
        rate = spec.learning_rate
        return (Phase(1, spec.epochs, spec.trainable, rate, spec.schedule),)
    small = spec.learning_rate * FINE_TUNING_SHARE
    groups = [spec.trainable]
    if spec.strategy == "gradual":
        groups = _from_the_top(spec.trainable, min(_MOST_GROUPS, spec.epochs - 1))
    probing = (spec.epochs + 2) // 3 if spec.epochs > 1 else 0
    # A group that there is no epoch for waits for the next one's.
    probing = min(probing, max(spec.epochs - len(groups), 0))
    phases = [Phase(1, probing, (), spec.learning_rate, spec.schedule)]
    lengths = _shared_out(spec.epochs - probing, len(groups))
    for group, epochs in zip(groups, lengths, strict=True):
        last = phases[-1]
        phases.append(
            Phase(
                last.first_epoch + last.epochs,
                epochs,
                group,
                small,
                spec.schedule,
                learned=last.trainable,
            )
        )
    planned = tuple(phase for phase in phases if phase.epochs)
    if spec.strategy == "discriminative":
        rates = discriminative_rates(spec)
        return tuple(dataclasses.replace(p, rates=rates) for p in planned)
    if spec.strategy == "auto-rgn":
        return tuple(
            dataclasses.replace(p, weighs_blocks=bool(p.trainable)) for p in planned
        )
    return planned


def discriminative_rates(spec: TrainingSpec) -> tuple[tuple[str, float], ...]:
    """For each block that may change, the share of the learning rate that it gets.

    The shares fall by the same factor from block to block, from 1 for the backbone's
    last block to a hundredth for its first one.
    """
    names = [block.name for block in find_backbone(spec.backbone).blocks]
    steps = max(len(names) - 1, 1)
    return tuple(
        (name, SLOWEST_SHARE ** ((steps - place) / steps))
        for place, name in enumerate(names)
        if name in spec.trainable
    )


def _from_the_top(blocks: Sequence[str], count: int) -> list[tuple[str, ...]]:
    """Growing choices of blocks, the last of which is all of them."""
    count = max(1, min(count, len(blocks)))
    sizes = _shared_out(len(blocks), count)
    return [tuple(blocks[-sum(sizes[: part + 1]) :]) for part in range(count)]


def _shared_out(whole: int, parts: int) -> list[int]:
    """A number as a sum of about equal ones, the larger ones last."""
    return [whole * (k + 1) // parts - whole * k // parts for k in range(parts)]
