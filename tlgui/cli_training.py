"""What `tlgui train` and `find-rate` can be told, and the spec that comes of it."""

import argparse
import dataclasses
from pathlib import Path

from tlgui.core.catalogue import CATALOGUE, DEFAULT_BACKBONE, find_backbone
from tlgui.core.layers import parse_trainable
from tlgui.core.schedules import SCHEDULES
from tlgui.core.spec import (
    LOSSES,
    MULTILABEL_LOSSES,
    OPTIMIZERS,
    STRATEGIES,
    TrainingSpec,
)
from tlgui.core.starting_point import find_starting_point
from tlgui.core.task import IMAGE_CLASSIFICATION

DATA_HELP = "one sub-folder a class, train/ …, or a CSV table of files and classes"
_DEFAULTS = TrainingSpec(data="")
# The options whose names are not those of the spec with dashes.
_OPTIONS = {"augmentation": "--augment", "validation": "--val"}
# What is looked at elsewhere when a run goes on.
_NOT_COMPARED = ("data", "task", "start", "batch_size")


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Adds everything that decides a run, and where it is put."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA", help=DATA_HELP)
    add("--out", type=Path, required=True, metavar="RUN", help="new folder of the run")
    add_setting_options(
        parser,
        "; with --resume, the most photos that go through the model at once, where "
        "memory ran out",
    )
    add(
        "--resume",
        action="store_true",
        help="go on with an interrupted RUN as it began; only --batch-size counts then",
    )


def add_rate_test_options(parser: argparse.ArgumentParser) -> None:
    """Adds what matters to a test of learning rates; the rest is as usual."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA", help=DATA_HELP)
    _add_first_settings(parser, "")
    rest = ("learning_rate", "schedule", "ema", "patience")
    parser.set_defaults(**{name: getattr(_DEFAULTS, name) for name in rest})


def add_setting_options(
    parser: argparse.ArgumentParser, batch_size_also: str = ""
) -> None:
    """Adds the settings of a run.

    Args:
        parser: of a command.
        batch_size_also: what else the batch size means to it.
    """
    add = parser.add_argument
    _add_first_settings(parser, batch_size_also)
    add("--learning-rate", type=float, default=_DEFAULTS.learning_rate)
    add("--schedule", default=_DEFAULTS.schedule, help=", ".join(SCHEDULES))
    add("--ema", type=float, default=_DEFAULTS.ema, help="0..0.9999")
    add("--patience", type=int, default=_DEFAULTS.patience, help="0: never stop early")


def _add_first_settings(parser: argparse.ArgumentParser, batch_size_also: str) -> None:
    """Adds the settings that decide a run from its first step on, but for its rate."""
    add = parser.add_argument
    add("--backbone", help=f"{', '.join(CATALOGUE)}; or that of --start")
    add("--start", metavar="RUN_or_MODEL", help="go on from a run or an imported model")
    add("--trainable", default="head", help="head, all, last:N or BLOCK,BLOCK…")
    add("--epochs", type=int, default=_DEFAULTS.epochs)
    add(
        "--batch-size",
        type=int,
        help=f"photos a step ({_DEFAULTS.batch_size}){batch_size_also}",
    )
    add("--optimizer", default=_DEFAULTS.optimizer, help=", ".join(OPTIMIZERS))
    add(
        "--loss",
        default=_DEFAULTS.loss,
        help=f"{', '.join(LOSSES)} (the last where photos may show several classes)",
    )
    add("--label-smoothing", type=float, default=_DEFAULTS.label_smoothing)
    add("--focal-gamma", type=float, default=_DEFAULTS.focal_gamma)
    add("--head-decay", type=float, default=_DEFAULTS.head_decay, help="L2, 0..10")
    add("--dropout", type=float, default=_DEFAULTS.dropout, help="0..0.9")
    add("--l2-sp", type=float, default=_DEFAULTS.l2_sp, help="L2 to the start")
    augmentations = ", ".join(IMAGE_CLASSIFICATION.augmentations)
    add("--augment", default=_DEFAULTS.augmentation, help=augmentations)
    add("--mixup", type=float, default=_DEFAULTS.mixup, help="alpha, 0..4")
    add("--cutmix", type=float, default=_DEFAULTS.cutmix, help="alpha, 0..4")
    add("--strategy", default=_DEFAULTS.strategy, help=", ".join(STRATEGIES))
    add("--val", default=str(_DEFAULTS.validation), help="a folder, or a share 0..1")
    add("--class-weights", action="store_true", help="let rare classes count as much")
    add("--seed", type=int, default=_DEFAULTS.seed)


def spec_of(options: argparse.Namespace) -> TrainingSpec:
    """The spec of a new run.

    Raises:
        TlguiError: there is no such backbone, block or starting point.
    """
    start = find_starting_point(options.start) if options.start else None
    default = DEFAULT_BACKBONE if start is None else start.backbone
    backbone = options.backbone or default
    if start is not None:
        start.check_backbone(find_backbone(backbone).name)
    return _spec(options, backbone, "" if start is None else str(start.folder))


def left_out(options: argparse.Namespace, spec: TrainingSpec) -> str:
    """Says which options are not heeded because a run goes on as it began.

    Args:
        options: given together with --resume. Those that are as if not given, or as
            the run has them, are not worth a word.
        spec: of the run.

    Returns:
        A sentence, or "".

    Raises:
        TlguiError: there is no such backbone or block.
    """
    given = _spec(options, options.backbone or spec.backbone, "")
    names = [
        _OPTIONS.get(name, f"--{name.replace('_', '-')}")
        for name in (field.name for field in dataclasses.fields(TrainingSpec))
        if name not in _NOT_COMPARED
        and getattr(given, name) not in (getattr(spec, name), _unasked(name, spec))
    ]
    if not names:
        return ""
    return (
        f"{', '.join(names)}: not heeded, since the run goes on as it began. For other "
        "settings, train into another folder."
    )


def _unasked(name: str, spec: TrainingSpec) -> object:
    """What an option says that was not given."""
    return spec.backbone if name == "backbone" else getattr(_DEFAULTS, name)


def _spec(options: argparse.Namespace, name: str, start: str) -> TrainingSpec:
    backbone = find_backbone(name)
    several = options.loss in MULTILABEL_LOSSES
    return TrainingSpec(
        data=str(options.data.absolute()),
        task=IMAGE_CLASSIFICATION.name_for(multilabel=several),
        backbone=backbone.name,
        trainable=parse_trainable(options.trainable, backbone.blocks),
        strategy=options.strategy,
        epochs=options.epochs,
        batch_size=(
            _DEFAULTS.batch_size if options.batch_size is None else options.batch_size
        ),
        learning_rate=options.learning_rate,
        schedule=options.schedule,
        optimizer=options.optimizer,
        loss=options.loss,
        label_smoothing=options.label_smoothing,
        focal_gamma=options.focal_gamma,
        ema=options.ema,
        dropout=options.dropout,
        head_decay=options.head_decay,
        l2_sp=options.l2_sp,
        augmentation=options.augment,
        mixup=options.mixup,
        cutmix=options.cutmix,
        validation=share_or_folder(options.val),
        class_weights=options.class_weights,
        patience=options.patience,
        seed=options.seed,
        start=start,
    )


def share_or_folder(text: str) -> float | str:
    """What `--val` says: a share of the photos, or a folder with others."""
    try:
        return float(text)
    except ValueError:
        return str(Path(text).absolute())
