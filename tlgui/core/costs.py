"""What a training costs, told beforehand: seconds and memory.

Two things take time in a convolutional network: multiplying, and carrying numbers
from and to memory. How long each takes is measured once on a computer
(`ml/calibration.py`); how much of each there is follows from the table of blocks.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from tlgui.core.backbone import Backbone
from tlgui.core.layers import Block
from tlgui.core.phases import plan_phases
from tlgui.core.spec import TrainingSpec

_MULTIPLYING = frozenset(
    {"Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense", "Conv2DTranspose"}
)
# The backward pass costs about twice the forward pass
# (https://arxiv.org/abs/2001.08361, section 2.1).
FORWARD_AND_BACKWARD = 3
_FLOAT = 4
_VECTOR, _MAP = 1, 3
_MOST_CORRECTIONS = 100


@dataclass(frozen=True)
class Work:
    """What layers do for one sample, forward.

    Attributes:
        products: multiplications and additions.
        numbers: numbers that the layers hand on.
    """

    products: float
    numbers: float


@dataclass(frozen=True)
class Correction:
    """What training has shown of a forecast.

    Attributes:
        backbone: its name.
        learning: how many of its last blocks learned.
        factor: the seconds that they took, over those that were foretold.
    """

    backbone: str
    learning: int
    factor: float


@dataclass(frozen=True)
class Speed:
    """How fast a computer is, in seconds.

    Attributes:
        per_product: of layers that learn, forward.
        per_number: the same, for each number that a layer hands on.
        per_frozen_product: of frozen layers, in the fastest runtime, all included.
        engine_bytes: what the engine needs before a batch is seen.
        corrections: by what was trained on this computer, the latest last.
    """

    per_product: float
    per_number: float
    per_frozen_product: float
    engine_bytes: float
    corrections: tuple[Correction, ...] = ()

    def correction(self, backbone: Backbone, trainable: Iterable[str]) -> float | None:
        """What times of such a training must be multiplied by; None if nobody knows.

        It is that of the most similar choice of blocks of this backbone.
        """
        known = [one for one in self.corrections if one.backbone == backbone.name]
        count = _learning(backbone, trainable)
        if not known:
            return None
        return min(known, key=lambda one: abs(one.learning - count)).factor

    def corrected(
        self, backbone: Backbone, trainable: Iterable[str], seconds: float
    ) -> "Speed":
        """The same computer, with what a training has shown.

        Args:
            backbone: that was trained.
            trainable: its blocks that learned.
            seconds: of a training step, for one sample.
        """
        blocks = set(trainable)
        told = learning_seconds(divided(backbone, blocks)[1], self, 1, 0)
        if not told:  # layers whose work nobody counts
            return self
        count = _learning(backbone, blocks)
        new = Correction(backbone.name, count, seconds / told)
        others = [
            one
            for one in self.corrections
            if (one.backbone, one.learning) != (backbone.name, count)
        ]
        kept = tuple([*others, new][-_MOST_CORRECTIONS:])
        return dataclasses.replace(self, corrections=kept)


@dataclass(frozen=True)
class Forecast:
    """What a training will take.

    Attributes:
        epoch: seconds of an epoch in which all chosen blocks learn.
        looking: seconds for what is done once: frozen layers see every photo and
            every variation of it.
        whole: seconds of all epochs together, `looking` included.
        bytes: peak memory of the engine.
    """

    epoch: float
    looking: float
    whole: float
    bytes: float


def work_of(blocks: Iterable[Block]) -> Work:
    """What some blocks do for one sample, forward."""
    products = numbers = 0.0
    for block in blocks:
        for layer in block.layers:
            if len(layer.output_shape) not in (_VECTOR, _MAP):
                continue
            *fields, channels = layer.output_shape
            rows, columns = fields or (1, 1)
            numbers += rows * columns * channels
            if layer.kind in _MULTIPLYING:
                products += layer.parameters * rows * columns
    return Work(products, numbers)


def divided(backbone: Backbone, trainable: Iterable[str]) -> tuple[Work, Work]:
    """The work of the frozen layers in front, and of all from the first that learns."""
    blocks = backbone.blocks
    first = len(blocks) - _learning(backbone, trainable)
    return work_of(blocks[:first]), work_of(blocks[first:])


def _learning(backbone: Backbone, trainable: Iterable[str]) -> int:
    """How many blocks there are from the first that learns."""
    wanted, names = set(trainable), [block.name for block in backbone.blocks]
    first = next((k for k, name in enumerate(names) if name in wanted), len(names))
    return len(names) - first


def learning_seconds(work: Work, speed: Speed, training: int, validation: int) -> float:
    """Of an epoch, for layers behind the cut.

    Args:
        work: of these layers.
        speed: of the computer.
        training: samples that train.
        validation: samples that validate.
    """
    passes = FORWARD_AND_BACKWARD * training + validation
    one = work.products * speed.per_product + work.numbers * speed.per_number
    return passes * one


def forecast(
    spec: TrainingSpec,
    backbone: Backbone,
    speed: Speed,
    samples: tuple[int, int],
    views: int,
) -> Forecast:
    """Tells what a training will take, nothing being kept from before.

    Args:
        spec: decides the run.
        backbone: of the spec.
        speed: of this computer.
        samples: how many train, and how many validate.
        views: variations of a training sample that are kept; 1 without augmentation.
    """
    training, validation = samples
    epoch = looking = whole = most = 0.0
    for phase in plan_phases(spec):
        front, behind = divided(backbone, phase.trainable)
        seen = training * min(views, phase.epochs) + validation
        once = front.products * speed.per_frozen_product * seen
        each = learning_seconds(behind, speed, training, validation)
        each *= speed.correction(backbone, phase.trainable) or 1.0
        looking, whole = looking + once, whole + once + phase.epochs * each
        epoch = each
        numbers = behind.numbers * min(spec.batch_size, max(training, 1))
        most = max(most, _FLOAT * numbers)
    return Forecast(epoch, looking, whole, speed.engine_bytes + most)


def fitted(
    measured: Iterable[tuple[Work, float]],
) -> tuple[float, float]:
    """Seconds per product and per number that explain measured times best.

    Least squares of the relative errors; neither can be below zero.

    Args:
        measured: work, and the seconds of one forward pass of a sample, taken as a
            third of a training step.
    """
    rows = [(w.products / s, w.numbers / s) for w, s in measured]
    pp = sum(p * p for p, _ in rows)
    pn = sum(p * n for p, n in rows)
    nn = sum(n * n for _, n in rows)
    p1, n1 = sum(p for p, _ in rows), sum(n for _, n in rows)
    determinant = pp * nn - pn * pn
    if determinant > 0:
        product = (p1 * nn - n1 * pn) / determinant
        number = (n1 * pp - p1 * pn) / determinant
        if product >= 0 and number >= 0:
            return product, number
    # One of them alone: the one that explains more.
    alone = [(p1 / pp, 0.0), (0.0, n1 / nn)]

    def error(pair: tuple[float, float]) -> float:
        return sum((pair[0] * p + pair[1] * n - 1.0) ** 2 for p, n in rows)

    return min(alone, key=error)
