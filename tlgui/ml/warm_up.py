"""Prepares the engine while the person is still choosing."""

import time

from tlgui import paths
from tlgui.core.catalogue import find_backbone
from tlgui.ml import runtime
from tlgui.ml.backbones import keep_spare
from tlgui.ml.prefix import POOLED, Cut, convert_prefix


def warm_up(backbone: str) -> float:
    """Imports TensorFlow, converts the frozen layers, and builds a backbone.

    What is slow only the first time (loading libraries, registering layers, reading
    weights from the disk, converting) is over when a person presses Train.

    Args:
        backbone: a name of the catalogue.

    Returns:
        The seconds it took.
    """
    started = time.monotonic()
    runtime.tensorflow()
    convert_prefix(Cut(find_backbone(backbone), POOLED), paths.prefix_dir())
    keep_spare(backbone)
    return time.monotonic() - started
