"""`tlgui auto`: trains without being told how."""

import argparse
import dataclasses
import json
from pathlib import Path

from tlgui import cli_progress
from tlgui.cli_stop import EXIT_STOPPED, StopFlag
from tlgui.cli_training import DATA_HELP, share_or_folder
from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.events import Event
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.core.wakefulness import kept_awake

_DEFAULTS = TrainingSpec(data="")
_MINUTES = 10.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what a person may want to decide all the same."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA", help=DATA_HELP)
    add("--out", type=Path, required=True, metavar="FOLDER", help="of all runs tried")
    add("--minutes", type=float, default=_MINUTES, help="that it may take")
    add("--backbone", help="only this one; else the best bet of those on this computer")
    add("--epochs", type=int, default=_DEFAULTS.epochs)
    augmentations = ", ".join(IMAGE_CLASSIFICATION.augmentations)
    add("--augment", default=_DEFAULTS.augmentation, help=augmentations)
    add("--val", default=str(_DEFAULTS.validation), help="a folder, or a share 0..1")
    add("--class-weights", action="store_true", help="let rare classes count as much")
    add("--seed", type=int, default=_DEFAULTS.seed)


def auto(options: argparse.Namespace, stop: StopFlag) -> int:
    """Tries what is sensible within a time, and says what won.

    Raises:
        TlguiError: the data or an option does not do.
        Stopped: it was stopped before anything was finished.
    """
    if not 0 < options.minutes < 10_000:
        raise TlguiError(
            f"Expected minutes above 0, but found {options.minutes}: how long it may "
            "take."
        )
    backbone = find_backbone(options.backbone or DEFAULT_BACKBONE)
    spec = dataclasses.replace(
        _DEFAULTS,
        data=str(options.data.absolute()),
        backbone=backbone.name,
        epochs=options.epochs,
        augmentation=options.augment,
        validation=share_or_folder(options.val),
        class_weights=options.class_weights,
        seed=options.seed,
    )
    spec.check()
    from tlgui.ml.automatic import train_automatically

    folder = options.out.absolute()
    stop.advice = "The same command goes on where this one was."
    with cli_progress.TrainingOutput(as_json=options.json) as output, kept_awake():

        def emit(event: Event) -> None:
            stop.follow(event)
            output.show(event)

        verdict = train_automatically(
            spec,
            lambda key: folder / key,
            60 * options.minutes,
            emit,
            stop,
            chooses_backbone=options.backbone is None,
        )
    if not options.json:
        print("\n".join(verdict.sentences()))
        print(f"Run folder: {verdict.winner.run}")
    else:
        print(json.dumps({"event": "verdict", **verdict.to_json()}, ensure_ascii=False))
    return EXIT_STOPPED if stop() is not None else 0
