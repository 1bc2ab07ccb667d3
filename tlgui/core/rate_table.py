"""Which part of a model learns in which epoch, and how fast: what a plan means."""

from dataclasses import dataclass

from tlgui.core.catalogue import find_backbone
from tlgui.core.layers import HEAD_ONLY
from tlgui.core.phases import Phase, plan_phases
from tlgui.core.schedules import share_at
from tlgui.core.spec import TrainingSpec

# A phase of one epoch has many steps all the same.
_STEPS = 1_000


@dataclass(frozen=True)
class RateTable:
    """Learning rates of all parts in all epochs.

    Attributes:
        parts: the backbone's blocks from input to the last, then the head.
        rates: for each part its learning rate in the middle of each epoch; 0 where it
            is frozen.
        finds_shares: whether each step finds the blocks' shares itself, so that the
            rates of blocks are the largest they can be.
    """

    parts: tuple[str, ...]
    rates: tuple[tuple[float, ...], ...]
    finds_shares: bool


def rate_table(spec: TrainingSpec) -> RateTable:
    """Lays the plan of a spec out by part and epoch.

    Args:
        spec: with at least one epoch.
    """
    blocks = [block.name for block in find_backbone(spec.backbone).blocks]
    phases = plan_phases(spec)
    rates: dict[str, list[float]] = {name: [] for name in (*blocks, HEAD_ONLY)}
    for phase in phases:
        for epoch in range(phase.epochs):
            base = _base_rate(phase, epoch)
            shares = dict(phase.rates)
            for name, found in rates.items():
                learns = name == HEAD_ONLY or name in phase.trainable
                found.append(base * shares.get(name, 1.0) if learns else 0.0)
    return RateTable(
        (*blocks, HEAD_ONLY),
        tuple(tuple(found) for found in rates.values()),
        any(phase.weighs_blocks for phase in phases),
    )


def _base_rate(phase: Phase, epoch: int) -> float:
    done = round(_STEPS * (epoch + 0.5) / phase.epochs)
    return phase.learning_rate * share_at(phase.schedule, done, _STEPS)
