"""How TensorFlow is started and kept quiet."""

import contextlib
import functools
import logging
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from tlgui import paths

_CHATTER = (b"WARNING: All log messages before absl", b"I0000", b"W0000", b"INFO: ")


@functools.cache
def tensorflow() -> Any:
    """Imports TensorFlow once, without its chatter on the terminal."""
    # Warnings of the C++ side go to stderr before any of our handlers exists.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    # What other programs have set in a person's keras.json must not change a run, and
    # Keras would leave such a file in their home.
    os.environ["KERAS_HOME"] = str(paths.cache_dir() / "keras")
    with without_chatter():
        import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    return tf


@contextlib.contextmanager
def without_chatter() -> Iterator[None]:
    """Holds back what native libraries write to stderr, except real errors.

    WORKAROUND TensorFlow 2.21 writes two lines about oneDNN before its log level
    is read: https://github.com/abseil/abseil-cpp/pull/1957
    """
    try:
        real = os.dup(2)
    except OSError:  # a program without a console
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(real, 2)
            held.seek(0)
            told = [line for line in held if not line.startswith(_CHATTER)]
            os.write(real, b"".join(told))
            os.close(real)


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
