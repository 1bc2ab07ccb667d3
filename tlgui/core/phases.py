"""In which order the parts of a model begin to change."""

from dataclasses import dataclass

from tlgui.core.spec import TrainingSpec

FINE_TUNING_SHARE = 0.05


@dataclass(frozen=True)
class Phase:
    """Consecutive epochs in which the same parts change.

    Attributes:
        first_epoch: counted from 1.
        epochs: how many.
        trainable: the backbone's blocks that change; the head always does.
        learning_rate: at its start; it falls along a cosine.
    """

    first_epoch: int
    epochs: int
    trainable: tuple[str, ...]
    learning_rate: float


def plan_phases(spec: TrainingSpec) -> tuple[Phase, ...]:
    """Splits a run into phases.

    With the strategy `lp-ft` (linear probe, then fine-tune;
    https://arxiv.org/abs/2202.10054) the first third of the epochs trains the head
    alone, so that its random start does not disturb pretrained blocks; the rest
    trains the chosen blocks too, in steps of a twentieth of the size.
    """
    if not spec.trainable or spec.strategy == "direct":
        return (Phase(1, spec.epochs, spec.trainable, spec.learning_rate),)
    small = spec.learning_rate * FINE_TUNING_SHARE
    probing = (spec.epochs + 2) // 3 if spec.epochs > 1 else 0
    fine_tuning = Phase(probing + 1, spec.epochs - probing, spec.trainable, small)
    if not probing:
        return (fine_tuning,)
    return (Phase(1, probing, (), spec.learning_rate), fine_tuning)
