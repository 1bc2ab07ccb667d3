"""Frozen layers in LiteRT with XNNPACK: converted, and run."""

import logging
import math
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlgui.core.types import Floats, Pixels
from tlgui.ml import runtime
from tlgui.ml.backbones import build_backbone
from tlgui.ml.cuts import Part, prefix_model

_log = logging.getLogger(__name__)

BATCH = 8
_TRIALS = 3
_TRIED_SAMPLES = 16
_CLEARLY = 0.9
# Each lane has the weights once more in memory.
_MOST_LANES = 4


@dataclass(frozen=True)
class Lanes:
    """How LiteRT shares the cores among samples.

    One lane takes a batch at a time and all its threads work on the same layer;
    several lanes take one sample each, which stays in the caches of its core and
    never waits for the others.

    Attributes:
        count: interpreters beside each other.
        threads: of each.
    """

    count: int
    threads: int

    @property
    def batch(self) -> int:
        """How many samples an interpreter takes at a time."""
        return BATCH if self.count == 1 else 1


def has_litert() -> bool:
    """Whether there is a LiteRT for this computer."""
    try:
        import ai_edge_litert.interpreter  # noqa: F401
    except ImportError as error:
        _log.info("LiteRT is not used: %s", error)
        return False
    return True


class LiteRtPrefix:
    """LiteRT with XNNPACK.

    Attributes:
        lanes: how it shares the cores.
    """

    def __init__(self, cut: Part, content: bytes, lanes: Lanes) -> None:
        """Prepares the runtime.

        Args:
            cut: what was converted.
            content: of the converted file.
            lanes: how it shares the cores.

        Raises:
            ValueError: the file is damaged, or was made for other samples or layers.
            RuntimeError: LiteRT cannot run what is in it.
        """
        self.lanes = lanes
        self._shape = cut.shape
        self._lanes = [_Lane(cut, content, lanes) for _ in range(lanes.count)]

    def run(self, inputs: Pixels | Floats) -> Floats:
        """From samples to activations."""
        activations = np.empty((len(inputs), *self._shape), np.float32)
        starts = _Shared(range(0, len(inputs), self.lanes.batch))

        def work(lane: _Lane) -> None:
            for start in starts:
                end = start + self.lanes.batch
                activations[start:end] = lane.run(inputs[start:end])

        if len(self._lanes) == 1:
            work(self._lanes[0])
        else:
            with ThreadPoolExecutor(len(self._lanes), "litert") as pool:
                list(pool.map(work, self._lanes))
        return activations


class _Lane:
    """One interpreter, for batches of a fixed size."""

    def __init__(self, cut: Part, content: bytes, lanes: Lanes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with runtime.without_chatter():
            self._interpreter = Interpreter(
                model_content=content, num_threads=lanes.threads
            )
            self._check(cut, BATCH)
            if lanes.batch != BATCH:
                self._interpreter.resize_tensor_input(
                    self._input, (lanes.batch, *cut.input_shape), strict=False
                )
            self._interpreter.allocate_tensors()
            self._check(cut, lanes.batch)
        self._batch = lanes.batch

    def _check(self, cut: Part, batch: int) -> None:
        taken = self._interpreter.get_input_details()[0]
        given = self._interpreter.get_output_details()[0]
        expected = ((batch, *cut.input_shape), (batch, *cut.shape))
        found = (tuple(taken["shape"].tolist()), tuple(given["shape"].tolist()))
        if found != expected:
            raise ValueError(f"expected the shapes {expected}, found {found}")
        self._input, self._output = taken["index"], given["index"]

    def run(self, inputs: Pixels | Floats) -> Floats:
        """From one batch to its activations; a small one is filled up with zeros."""
        chunk = inputs.astype(np.float32)
        missing = self._batch - len(chunk)
        if missing:
            room = np.zeros((missing, *chunk.shape[1:]), np.float32)
            chunk = np.concatenate([chunk, room])
        self._interpreter.set_tensor(self._input, chunk)
        self._interpreter.invoke()
        found: Floats = self._interpreter.get_tensor(self._output)
        return found[: self._batch - missing]


class _Shared:
    """Hands out numbers to several threads, each of them once."""

    def __init__(self, numbers: range) -> None:
        self._numbers = iter(numbers)
        self._lock = threading.Lock()

    def __iter__(self) -> "_Shared":
        return self

    def __next__(self) -> int:
        with self._lock:
            return next(self._numbers)


def usable(cut: Part, content: bytes, lanes: Lanes) -> LiteRtPrefix | None:
    """A converted file in its runtime, if that takes it."""
    try:
        return LiteRtPrefix(cut, content, lanes)
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


def best_lanes(cut: Part, content: bytes) -> Lanes:
    """How to share the cores, by a short trial.

    Lanes of their own, unless one lane does the same work clearly sooner; with half
    of the cores it may, where two threads that share a core get in each other's way.
    """
    cores = available_cores()
    count = min(cores, _MOST_LANES)
    usual = Lanes(count, cores // count)
    others = (Lanes(1, cores), Lanes(1, (cores + 1) // 2))
    times = {lanes: _seconds(cut, content, lanes) for lanes in (usual, *others)}
    best = min(times, key=lambda lanes: times[lanes])
    return best if times[best] < _CLEARLY * times[usual] else usual


def _seconds(cut: Part, content: bytes, lanes: Lanes) -> float:
    """How long some samples take; infinite if the runtime does not take the file."""
    prefix = usable(cut, content, lanes)
    if prefix is None:
        return math.inf
    samples = np.zeros((_TRIED_SAMPLES, *cut.input_shape), np.uint8)
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
