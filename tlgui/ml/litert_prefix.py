"""Frozen layers in LiteRT with XNNPACK: converted, and run."""

import logging
import math
import os
import time
from typing import Any

import numpy as np

from tlgui.core.types import Floats, Pixels
from tlgui.ml import runtime
from tlgui.ml.backbones import build_backbone
from tlgui.ml.cuts import Part, prefix_model

_log = logging.getLogger(__name__)

BATCH = 8
_TRIALS = 3
_CLEARLY = 0.9


def has_litert() -> bool:
    """Whether there is a LiteRT for this computer."""
    try:
        import ai_edge_litert.interpreter  # noqa: F401
    except ImportError as error:
        _log.info("LiteRT is not used: %s", error)
        return False
    return True


class LiteRtPrefix:
    """LiteRT with XNNPACK, in batches of a fixed size.

    Attributes:
        threads: how many it uses.
    """

    def __init__(self, cut: Part, content: bytes, threads: int) -> None:
        """Prepares the runtime.

        Args:
            cut: what was converted.
            content: of the converted file.
            threads: how many it may use.

        Raises:
            ValueError: the file is damaged, or was made for other samples or layers.
            RuntimeError: LiteRT cannot run what is in it.
        """
        from ai_edge_litert.interpreter import Interpreter

        with runtime.without_chatter():
            self._interpreter = Interpreter(model_content=content, num_threads=threads)
            self._interpreter.allocate_tensors()
        taken = self._interpreter.get_input_details()[0]
        given = self._interpreter.get_output_details()[0]
        expected = ((BATCH, *cut.input_shape), (BATCH, *cut.shape))
        found = (tuple(taken["shape"].tolist()), tuple(given["shape"].tolist()))
        if found != expected:
            raise ValueError(f"expected the shapes {expected}, found {found}")
        self._input, self._output = taken["index"], given["index"]
        self._shape = cut.shape
        self.threads = threads

    def run(self, inputs: Pixels | Floats) -> Floats:
        """From samples to activations; the last batch is filled up with zeros."""
        activations = np.empty((len(inputs), *self._shape), np.float32)
        for start in range(0, len(inputs), BATCH):
            chunk = inputs[start : start + BATCH].astype(np.float32)
            missing = BATCH - len(chunk)
            if missing:
                room = np.zeros((missing, *chunk.shape[1:]), np.float32)
                chunk = np.concatenate([chunk, room])
            self._interpreter.set_tensor(self._input, chunk)
            self._interpreter.invoke()
            found = self._interpreter.get_tensor(self._output)
            activations[start : start + BATCH] = found[: BATCH - missing]
        return activations


def usable(cut: Part, content: bytes, threads: int) -> LiteRtPrefix | None:
    """A converted file in its runtime, if that takes it."""
    try:
        return LiteRtPrefix(cut, content, threads)
    except (ValueError, RuntimeError) as error:
        _log.info("LiteRT does not take a file for %s: %s", cut.name, error)
        return None


def convert(cut: Part) -> bytes:
    """The frozen layers as the content of a LiteRT file.

    Raises:
        ValueError, RuntimeError: they cannot be converted.
    """
    tf = runtime.tensorflow()
    from tensorflow.lite.python.convert_phase import ConverterError
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    model = prefix_model(build_backbone(cut.backbone), cut)
    signature = [tf.TensorSpec([BATCH, *model.input_shape[1:]], tf.float32)]

    @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
    def run(inputs: Any) -> Any:
        return model(inputs, training=False)

    with runtime.without_chatter():
        # Without the variables made constants, the file would hold none of them.
        frozen = convert_variables_to_constants_v2(run.get_concrete_function())
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], model)
        try:
            content: bytes = converter.convert()
        except ConverterError as error:  # a bare Exception
            raise RuntimeError(str(error)) from error
    return content


def best_threads(cut: Part, content: bytes) -> int:
    """The number of threads that is fastest, by a short trial.

    All cores, unless half of them do the same work clearly sooner: two threads that
    share a core get in each other's way.
    """
    cores = available_cores()
    times = {
        threads: _seconds(cut, content, threads)
        for threads in {cores, (cores + 1) // 2}
    }
    best = min(times, key=lambda threads: times[threads])
    return best if times[best] < _CLEARLY * times[cores] else cores


def _seconds(cut: Part, content: bytes, threads: int) -> float:
    """How long a batch takes; infinite if the runtime does not take the file."""
    prefix = usable(cut, content, threads)
    if prefix is None:
        return math.inf
    samples = np.zeros((BATCH, *cut.input_shape), np.uint8)
    prefix.run(samples)  # the first one also lays out the memory
    times = []
    for _ in range(_TRIALS):
        began = time.perf_counter()
        prefix.run(samples)
        times.append(time.perf_counter() - began)
    return min(times)


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
