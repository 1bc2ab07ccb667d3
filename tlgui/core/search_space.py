"""Which settings a search tries, and which values of them."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.layers import carry_over
from tlgui.core.schedules import SCHEDULES
from tlgui.core.spec import OPTIMIZERS, STRATEGIES, TrainingSpec
from tlgui.core.task import find_task

Value = float | int | str
Values = Mapping[str, Value]

BLOCKS, BACKBONE = "blocks", "backbone"
LEARNING_RATE, LABEL_SMOOTHING = "learning_rate", "label_smoothing"
# What a setting is called in a sentence; the keys are fields of a spec, but `blocks`.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        LEARNING_RATE: "learning rate",
        "head_decay": "L2 on the head",
        BLOCKS: "blocks that change",
        "strategy": "order of training",
        "l2_sp": "L2-SP",
        "dropout": "dropout",
        LABEL_SMOOTHING: "label smoothing",
        "mixup": "mixup",
        "cutmix": "CutMix",
        "augmentation": "augmentation",
        "schedule": "schedule",
        "optimizer": "optimizer",
        "batch_size": "batch size",
        "epochs": "epochs",
        BACKBONE: "model",
    }
)
USUAL = (LEARNING_RATE, "head_decay", BLOCKS)
_SHARES_OF_BLOCKS = (0.0, 0.05, 0.1, 0.25, 0.5)
_NUMBERS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "head_decay": (0.0, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
        "l2_sp": (0.0, 0.001, 0.003, 0.01, 0.03, 0.1),
        "dropout": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
        LABEL_SMOOTHING: (0.0, 0.05, 0.1, 0.15, 0.2),
        "mixup": (0.0, 0.1, 0.2, 0.4, 0.8),
        "cutmix": (0.0, 0.2, 0.5, 1.0),
        "batch_size": (8, 16, 32, 64),
        "epochs": (5, 10, 15, 20, 30),
    }
)


@dataclass(frozen=True)
class Span:
    """Every number between two, evenly spread over their orders of magnitude."""

    low: float
    high: float

    def with_value(self, value: Value) -> "Span":
        """The same, and one more number in it."""
        number = float(value)
        return Span(min(self.low, number), max(self.high, number))

    def ends(self) -> tuple[Value, ...]:
        """Values such that all others are right if these are."""
        return self.low, self.high

    def holds(self, value: object) -> bool:
        """Whether a value lies in it."""
        return isinstance(value, int | float) and self.low <= value <= self.high


@dataclass(frozen=True)
class Choices:
    """A few values.

    Attributes:
        values: all different.
        is_ordered: whether they rise, so that neighbours are alike.
    """

    values: tuple[Value, ...]
    is_ordered: bool = True

    def with_value(self, value: Value) -> "Choices":
        """The same, and one more value among them."""
        if value in self.values:
            return self
        values = (*self.values, value)
        return Choices(ordered(values) if self.is_ordered else values, self.is_ordered)

    def ends(self) -> tuple[Value, ...]:
        """All of them."""
        return self.values

    def holds(self, value: object) -> bool:
        """Whether a value is one of them."""
        return value in self.values


Range = Span | Choices


def searchable() -> tuple[str, ...]:
    """The settings that can be searched: those of `SETTINGS` that a spec has."""
    fields = {field.name for field in dataclasses.fields(TrainingSpec)} | {BLOCKS}
    return tuple(name for name in SETTINGS if name in fields)


def usual_range(setting: str, base: TrainingSpec) -> Range:
    """The values of a setting that are worth a trial, and the present one.

    Args:
        setting: one of `searchable`.
        base: has the present value, and the backbone whose blocks are counted.
    """
    if setting == LEARNING_RATE:
        found: Range = Span(1e-4, 3e-2)
    elif setting == BLOCKS:
        count = len(find_backbone(base.backbone).blocks)
        counts = {round(share * count) for share in _SHARES_OF_BLOCKS}
        found = Choices(ordered(counts))
    elif setting in _NUMBERS:
        found = Choices(_NUMBERS[setting])
    else:
        found = Choices(_names(setting, base), is_ordered=False)
    return found.with_value(value_of(base, setting))


def _names(setting: str, base: TrainingSpec) -> tuple[str, ...]:
    if setting == BACKBONE:
        here = CATALOGUE.items()
        return tuple(name for name, one in here if one.weights_path is not None)
    augmentations = find_task(base.task).augmentations
    known: Mapping[str, Mapping[str, str]] = {
        "strategy": STRATEGIES,
        "augmentation": augmentations,
        "schedule": SCHEDULES,
        "optimizer": OPTIMIZERS,
    }
    return tuple(known[setting])


def ordered(values: Sequence[Value] | set[int]) -> tuple[Value, ...]:
    """Numbers, rising."""
    return tuple(sorted(values, key=float))


def value_of(spec: TrainingSpec, setting: str) -> Value:
    """A setting as the spec has it; of blocks, how many may change."""
    if setting == BLOCKS:
        return len(spec.trainable)
    found: Any = getattr(spec, setting)
    return found  # type: ignore[no-any-return]


def applied(base: TrainingSpec, values: Values) -> TrainingSpec:
    """A spec with other values.

    What means nothing where only the head changes is as in the base, so that two
    specs differ only if their runs may.

    Args:
        base: decides everything else.
        values: by setting. So many blocks are the last ones, or all where a backbone
            has fewer.
    """
    changes: dict[str, Any] = {k: v for k, v in values.items() if k != BLOCKS}
    spec = dataclasses.replace(base, **changes)
    blocks = find_backbone(spec.backbone).blocks
    names = [block.name for block in blocks]
    if BLOCKS in values:
        count = min(int(values[BLOCKS]), len(names))
        trainable = tuple(names[len(names) - count :])
    else:
        before = find_backbone(base.backbone).blocks
        trainable = carry_over(base.trainable, before, blocks)
    if not trainable:
        spec = dataclasses.replace(spec, strategy=base.strategy, l2_sp=base.l2_sp)
    return dataclasses.replace(spec, trainable=trainable)


def parse_ranges(text: str, base: TrainingSpec) -> tuple[tuple[str, Range], ...]:
    """Reads what is to be searched, as typed on the command line.

    Args:
        text: settings with commas between; each alone, or with its values as in
            `learning-rate=0.001..0.01`, `blocks=0..4` or `optimizer=adam/sgd`.
        base: the settings as they are; each joins its range.

    Raises:
        TlguiError: there is no such setting, or its values are none.
    """
    found: dict[str, Range] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, values = part.partition("=")
        setting = name.strip().replace("-", "_")
        if setting not in searchable():
            known = ", ".join(one.replace("_", "-") for one in searchable())
            raise TlguiError(
                f"Expected settings out of {known} to search, but found “{name}”."
            )
        usual = usual_range(setting, base)
        chosen = _parse_values(setting, values, usual) if values else usual
        found[setting] = chosen.with_value(value_of(base, setting))
    return tuple(found.items())


def _parse_values(setting: str, text: str, usual: Range) -> Range:
    low, between, high = text.partition("..")
    try:
        if isinstance(usual, Span):
            return Span(float(low), float(high))
        if not usual.is_ordered:
            return Choices(tuple(dict.fromkeys(text.split("/"))), is_ordered=False)
        is_whole = all(isinstance(value, int) for value in usual.values)
        if between and is_whole and setting == BLOCKS:
            return Choices(tuple(range(int(low), int(high) + 1)))
        if between:
            inside = [v for v in usual.values if float(low) <= float(v) <= float(high)]
            return Choices(tuple(inside))
        numbers = {int(n) if is_whole else float(n) for n in text.split("/")}
        return Choices(tuple(sorted(numbers)))
    except ValueError as error:
        raise TlguiError(
            f"Expected LOW..HIGH or VALUE/VALUE as the values of {SETTINGS[setting]} "
            f"to search, but found “{text}”."
        ) from error


def in_words(values: Values) -> str:
    """Values as a part of a sentence: "learning rate 0.004, the last 2 blocks"."""
    return ", ".join(_words(name, value) for name, value in values.items())


def _words(setting: str, value: Value) -> str:
    if setting == BLOCKS:
        if not value:
            return "the head alone"
        return "the last block" if value == 1 else f"the last {value} blocks"
    if setting == BACKBONE:
        return find_backbone(str(value)).title
    shown = f"{value:.3g}" if isinstance(value, float) else f"{value}"
    return f"{SETTINGS[setting]} {shown}"
