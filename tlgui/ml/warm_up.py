"""Prepares the engine while the person is still choosing."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tlgui import paths
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import Stopped
from tlgui.core.images import UnreadableError
from tlgui.core.task import find_task
from tlgui.core.types import Pixels
from tlgui.ml import runtime
from tlgui.ml.backbones import keep_spare
from tlgui.ml.cuts import POOLED, Cut
from tlgui.ml.fetching import is_here
from tlgui.ml.model_template import find_template
from tlgui.ml.prefix import convert_prefix, is_checked, make_prefix

_log = logging.getLogger(__name__)


def warm_up(
    backbone: str,
    files: Sequence[str] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> float:
    """Does beforehand what is slow only the first time.

    The frozen layers are converted, and compared with Keras' own on some of the
    person's files; the model that a trained head is put into is made; TensorFlow is
    imported and a backbone is built. What a head alone needs comes first. Of a
    backbone whose weights are not here, nothing can be done but the import.

    Args:
        backbone: a name of the catalogue.
        files: some of the person's samples, if they are known already.
        should_stop: asked between the steps, each of which takes a few seconds.

    Returns:
        The seconds it took.

    Raises:
        Stopped: `should_stop` said so.
    """
    started = time.monotonic()
    chosen, folders = find_backbone(backbone), paths.prepared_dirs()
    if not is_here(chosen):  # nothing is downloaded before a person wants it
        runtime.tensorflow()
        return time.monotonic() - started
    steps = (
        lambda: _prepare_prefix(Cut(chosen, POOLED), files),
        lambda: find_template(chosen, folders),
        runtime.tensorflow,
        lambda: keep_spare(chosen),
    )
    for step in steps:
        step()
        if should_stop():
            raise Stopped
    return time.monotonic() - started


def _prepare_prefix(cut: Cut, files: Sequence[str]) -> None:
    folders = paths.prepared_dirs()
    if is_checked(cut, folders) or not len(samples := _decode(cut, files)):
        convert_prefix(cut, folders)
    else:
        make_prefix(cut, folders, lambda: samples)


def _decode(cut: Cut, files: Sequence[str]) -> Pixels:
    """Some of the person's samples, as the backbone takes them."""
    task, size = find_task(cut.backbone.task), cut.backbone.input_size
    found = []
    for file in files:
        try:
            found.append(task.decode(Path(file), size))
        except UnreadableError as error:
            _log.info("The frozen layers are not compared on %s: %s", file, error)
    return np.stack(found) if found else np.empty((0, size, size, 3), np.uint8)
