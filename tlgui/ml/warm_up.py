"""Prepares the engine while the person is still choosing."""

import time

import numpy as np

from tlgui.core.catalogue import find_backbone
from tlgui.ml import models, runtime
from tlgui.ml.steps import make_predict_step


def warm_up(backbone: str) -> float:
    """Imports TensorFlow, loads a backbone and runs it once.

    What is slow only the first time (loading libraries, registering layers, reading
    weights from the disk, starting threads) is over when a person presses Train.

    Args:
        backbone: a name of the catalogue.

    Returns:
        The seconds it took.
    """
    started = time.monotonic()
    runtime.tensorflow()
    keras_model = models.build_classifier(backbone, 2)
    size = find_backbone(backbone).input_size
    make_predict_step(keras_model)(np.zeros((1, size, size, 3), np.uint8))
    return time.monotonic() - started
