"""How TensorFlow is started and kept quiet."""

import functools
import logging
import os
from typing import Any

_log = logging.getLogger(__name__)


@functools.cache
def tensorflow() -> Any:
    """Imports TensorFlow once, without its chatter on the terminal."""
    # Warnings of the C++ side go to stderr before any of our handlers exists.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    return tf


def set_seed(seed: int) -> None:
    """Makes everything that is random repeatable, in this thread.

    Keras keeps its seed by thread: call it where the training runs.
    """
    tensorflow()
    import keras

    keras.utils.set_random_seed(seed)


def peak_memory() -> int | None:
    """The most memory this process has used, in bytes; None where it is unknown."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
