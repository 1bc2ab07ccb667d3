"""The one frozen description that decides a run."""

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.layers import check_block_names
from tlgui.core.network import adopt_network
from tlgui.core.schedules import SCHEDULES
from tlgui.core.task import IMAGE_CLASSIFICATION, Task, find_task

SPEC_VERSION = 1
SPEC_FILE = "spec.json"

OPTIMIZERS: Mapping[str, str] = MappingProxyType(
    {
        "adam": "Adapts the step of every weight by itself. A safe choice.",
        "adamw": "Adam that also keeps weights small, which helps with few photos.",
        "sgd": "Plain steps with momentum. Needs a larger learning rate.",
        "rmsprop": "Adapts each step to recent changes. An older choice than Adam.",
    }
)
LOSSES: Mapping[str, str] = MappingProxyType(
    {
        "cross-entropy": "The usual measure for telling classes apart.",
        "focal": "Looks harder at the photos that it still gets wrong.",
        "binary-cross-entropy": "Asks for each class apart whether a photo shows it.",
    }
)
# The losses for samples that each show exactly one class, and for those that may show
# several; the first ones are taken where nobody chose.
SINGLE_LOSSES = ("cross-entropy", "focal")
MULTILABEL_LOSSES = ("binary-cross-entropy",)
STRATEGIES: Mapping[str, str] = MappingProxyType(
    {
        "lp-ft": "First the head alone, then the chosen blocks too, in small steps.",
        "gradual": "First the head, then block after block from the top.",
        "discriminative": "First the head, then all; lower blocks learn slower.",
        "auto-rgn": "First the head, then all; each block as fast as it needs.",
        "direct": "Everything that may change does so from the first step.",
    }
)


@dataclass(frozen=True)
class TrainingSpec:
    """What is trained, on what, and how.

    Attributes:
        data: the data set's folder.
        task: the kind of data.
        backbone: a name of the catalogue.
        trainable: the backbone's blocks that may change, from input to head; the
            head always may.
        strategy: the order in which things start to change.
        epochs: how often every training sample is seen.
        batch_size: samples a step.
        learning_rate: size of the largest steps.
        schedule: how the size of the steps changes while a phase lasts.
        optimizer: rule of the steps.
        loss: what is made small.
        label_smoothing: share of certainty taken from every label, 0..0.5.
        focal_gamma: how hard focal loss looks at what is wrong, 0..5.
        ema: how much of the average of the weights stays at each step, 0..0.9999; 0
            for no average.
        dropout: share of the head's features that each step leaves out, 0..0.9.
        head_decay: how strongly the head's weights are drawn to zero (L2), 0..10.
        l2_sp: how strongly the backbone's are drawn to the pretrained ones, 0..10.
        augmentation: how much the photos are changed at random.
        mixup: how strongly photos are mixed in pairs (the alpha of mixup), 0..4.
        cutmix: how much of a photo is replaced by a part of another one (the alpha of
            CutMix), 0..4; with mixup, each batch gets one of the two.
        validation: share of the training samples (0..1), or a folder; not used
            when the data set brings its own validation samples.
        class_weights: whether rare classes count as much as frequent ones.
        patience: epochs without improvement before it stops early; 0 for never.
        seed: decides everything that is random.
        start: the folder of the model that it goes on from, a finished run or an
            imported model; "" for the pretrained weights of the catalogue. A run
            keeps a copy of what it starts from, so that it is read only once.
    """

    data: str
    task: str = IMAGE_CLASSIFICATION.name
    backbone: str = DEFAULT_BACKBONE
    trainable: tuple[str, ...] = ()
    strategy: str = "lp-ft"
    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 0.003
    schedule: str = "cosine"
    optimizer: str = "adam"
    loss: str = "cross-entropy"
    label_smoothing: float = 0.0
    focal_gamma: float = 2.0
    ema: float = 0.0
    dropout: float = 0.0
    head_decay: float = 0.0
    l2_sp: float = 0.0
    augmentation: str = "light"
    mixup: float = 0.0
    cutmix: float = 0.0
    validation: float | str = 0.2
    class_weights: bool = False
    patience: int = 0
    seed: int = 0
    start: str = ""

    def check(self) -> None:
        """Makes sure that every value makes sense.

        Raises:
            TlguiError: one does not; says what was expected.
        """
        task = find_task(self.task)
        backbone = find_backbone(self.backbone)
        check_block_names(self.trainable, [block.name for block in backbone.blocks])
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        _check_choice("loss", self.loss, LOSSES)
        _check_loss(self.loss, task)
        _check_choice("strategy", self.strategy, STRATEGIES)
        _check_choice("schedule", self.schedule, SCHEDULES)
        _check_choice("augmentation", self.augmentation, task.augmentations)
        _check_whole("number of epochs", self.epochs, 1, 10_000)
        _check_whole("batch size", self.batch_size, 1, 4_096)
        _check_whole("patience", self.patience, 0, 10_000)
        _check_whole("seed", self.seed, 0, 2**31 - 1)
        _check_number("learning rate", self.learning_rate, 0.0, 10.0, open_low=True)
        _check_number("label smoothing", self.label_smoothing, 0.0, 0.5)
        _check_number("focal gamma", self.focal_gamma, 0.0, 5.0)
        _check_number("average of the weights", self.ema, 0.0, 0.9999)
        _check_number("mixup", self.mixup, 0.0, 4.0)
        _check_number("CutMix", self.cutmix, 0.0, 4.0)
        _check_number("dropout", self.dropout, 0.0, 0.9)
        _check_number("pull on the head", self.head_decay, 0.0, 10.0)
        _check_number("pull to the pretrained weights", self.l2_sp, 0.0, 10.0)
        _check_folder("starting point", self.start)
        if backbone.is_network and not self.start:
            raise TlguiError(
                f"The network {backbone.name} is one of your own, so it has no weights "
                "but those of its model. Start from that model (--start), or choose a "
                "backbone of the catalogue."
            )
        if not isinstance(self.validation, str):
            _check_share(self.validation)

    def to_json(self) -> dict[str, Any]:
        """The content of `spec.json`."""
        values = dataclasses.asdict(self)
        return {"version": SPEC_VERSION, **values, "trainable": list(self.trainable)}


def spec_from_json(values: Any, file: Path) -> TrainingSpec:
    """Reads the content of `spec.json`.

    Args:
        values: what the JSON file held.
        file: named in errors.

    Raises:
        TlguiError: it is not a spec, or comes from a newer version.
    """
    if not isinstance(values, dict) or "version" not in values:
        raise TlguiError(
            f"Expected the description of a run in {file}, but found something else. "
            "Choose a run folder made by this program."
        )
    if values["version"] != SPEC_VERSION:
        raise TlguiError(
            f"{file} has version {values['version']}, but this program reads version "
            f"{SPEC_VERSION}. Open it with a newer version of the program."
        )
    fields = {field.name: field for field in dataclasses.fields(TrainingSpec)}
    known = {name: value for name, value in values.items() if name in fields}
    try:
        known["trainable"] = tuple(known.get("trainable", ()))
        spec = TrainingSpec(**known)
        adopt_network(str(spec.backbone), _around(file))
        spec.check()
    except (TypeError, ValueError) as error:
        raise TlguiError(
            f"{file} is damaged ({error}). Choose another run folder."
        ) from error
    return spec


def read_spec(file: Path) -> TrainingSpec:
    """Reads `spec.json`.

    Raises:
        TlguiError: the file is missing or damaged.
    """
    try:
        return spec_from_json(json.loads(file.read_text(encoding="utf-8")), file)
    except (OSError, ValueError, RecursionError) as error:
        raise TlguiError(
            f"Expected a run in {file.parent}, but its spec.json cannot be read "
            f"({error}). Choose a run folder made by this program."
        ) from error


def _around(file: Path) -> Iterator[Path]:
    """Where the file of a network may lie: beside a spec, or in a project's runs."""
    yield file.parent
    if file.name != SPEC_FILE:
        yield from sorted(file.parent.glob("runs/*"))


def _check_choice(what: str, value: str, choices: Mapping[str, str]) -> None:
    if value not in choices:
        raise TlguiError(
            f"Expected one of {', '.join(choices)} as the {what}, but found “{value}”."
        )


def losses_for(task: Task) -> tuple[str, ...]:
    """The losses that suit a task; the first one is taken where nobody chose."""
    return MULTILABEL_LOSSES if task.multilabel else SINGLE_LOSSES


def fitted_to(spec: TrainingSpec, task_name: str) -> TrainingSpec:
    """The same spec for data of which more is known now: what they show.

    Args:
        spec: made before the data were scanned.
        task_name: of the scanned data.

    Returns:
        With the usual loss of that task where the other task's usual one was taken.
        Any other loss stays: `check` says what is wrong with it.
    """
    task = find_task(task_name)
    usual = (SINGLE_LOSSES[0], MULTILABEL_LOSSES[0])
    loss = usual[task.multilabel] if spec.loss in usual else spec.loss
    return dataclasses.replace(spec, task=task_name, loss=loss)


def suited_to(spec: TrainingSpec, task_name: str) -> TrainingSpec:
    """The same spec for data of another kind; a loss that does not fit is replaced."""
    losses = losses_for(find_task(task_name))
    loss = spec.loss if spec.loss in losses else losses[0]
    return dataclasses.replace(spec, task=task_name, loss=loss)


def _check_loss(loss: str, task: Task) -> None:
    if loss in losses_for(task):
        return
    if task.multilabel:
        raise TlguiError(
            f"Expected the loss binary-cross-entropy for {task.plural} that may show "
            f"several classes, but found “{loss}”, which is for {task.plural} that "
            "each show exactly one. Choose binary-cross-entropy."
        )
    raise TlguiError(
        f"Expected the loss cross-entropy or focal for {task.plural} that each show "
        f"exactly one class, but found “{loss}”, which is for {task.plural} that may "
        "show several. Choose cross-entropy."
    )


def _check_whole(what: str, value: int, low: int, high: int) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise TlguiError(
            f"Expected a whole number from {low} to {high} as the {what}, "
            f"but found {value}."
        )


def _check_number(
    what: str, value: float, low: float, high: float, *, open_low: bool = False
) -> None:
    fits = isinstance(value, int | float) and math.isfinite(value)
    if not fits or not low <= value <= high or (open_low and value == low):
        lowest = f"above {low:g}" if open_low else f"from {low:g}"
        raise TlguiError(
            f"Expected a number {lowest} and up to {high:g} as the {what}, "
            f"but found {value}."
        )


def _check_folder(what: str, value: str) -> None:
    if not isinstance(value, str) or "\0" in value:
        raise TlguiError(f"Expected a folder as the {what}, but found {value!r}.")


def _check_share(value: float) -> None:
    fits = isinstance(value, int | float) and math.isfinite(value)
    if not fits or not 0 < value < 1:
        raise TlguiError(
            "Expected a share between 0 and 1 (or a folder) for validation, "
            f"but found {value}. Without validation photos nobody knows how good "
            "the result is."
        )
