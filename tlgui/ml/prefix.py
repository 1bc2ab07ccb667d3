"""Runs the frozen layers in front of the cut, in the fastest runtime there is.

LiteRT with XNNPACK runs a frozen network at about three times the speed of
`model.predict` on a CPU, at equal numbers. Converting takes a second or more, so the
converted file is kept; and its numbers are compared with Keras' own on some of the
person's pictures before it is trusted the first time.
"""

import hashlib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tlgui.core import storage
from tlgui.core.catalogue import Backbone
from tlgui.core.errors import TlguiError
from tlgui.core.types import Floats, Pixels
from tlgui.ml import runtime
from tlgui.ml.backbones import block_of, build_backbone

_log = logging.getLogger(__name__)

POOLED = "pooled"
CONVERTER_VERSION = 1
BATCH = 8
# Relative to the largest activation. Measured for the three EfficientNet-Lites on
# photos: below 1e-5.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Cut:
    """Where a backbone is divided.

    Attributes:
        backbone: the whole.
        block: the last frozen block; `POOLED` for the pooled output of all blocks.
    """

    backbone: Backbone
    block: str

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample's activations."""
        if self.block == POOLED:
            return (self.backbone.features,)
        blocks = {block.name: block for block in self.backbone.blocks}
        return blocks[self.block].output_shape

    @property
    def name(self) -> str:
        """A name for files, unique to the numbers that come out."""
        sha = self.backbone.weights_sha256[:12]
        return f"{self.backbone.name}-{sha}-{self.block}-{CONVERTER_VERSION}"


def find_cut(backbone: Backbone, trainable: tuple[str, ...]) -> Cut | None:
    """The last frozen block in front of the first that may change.

    Returns:
        The cut, or None if the very first block may change.
    """
    last = None
    for block in backbone.blocks:
        if block.name in trainable:
            return Cut(backbone, last) if last else None
        last = block.name
    return Cut(backbone, POOLED)


class Prefix(Protocol):
    """The frozen layers in front of a cut."""

    def run(self, inputs: Pixels) -> Floats:
        """From samples, shape `(n, …)`, to activations, shape `(n, *cut.shape)`."""
        ...


def make_prefix(cut: Cut, folder: Path, sample: Callable[[], Pixels]) -> Prefix:
    """Prepares the fastest runtime whose numbers are right.

    Args:
        cut: where the backbone is divided.
        folder: where converted files are kept.
        sample: gives a few decoded samples to compare the numbers on, shape
            `(n, …)`.
    """
    file = folder / f"{cut.name}.tflite"
    seal = folder / f"{cut.name}.checked"
    try:
        if not _is_sealed(file, seal):
            _convert(cut, file)
            prefix = LiteRtPrefix(cut, file)
            _compare(prefix, KerasPrefix(cut), sample())
            storage.write_text(seal, _seal_of(file))
            return prefix
        return LiteRtPrefix(cut, file)
    except (ImportError, ValueError, RuntimeError, TlguiError) as error:
        _log.info("LiteRT is not used for %s: %s", cut.name, error)
        return KerasPrefix(cut)


class KerasPrefix:
    """The plain way, and the measure for every other."""

    def __init__(self, cut: Cut) -> None:
        self._model = prefix_model(build_backbone(cut.backbone.name), cut)
        tf = runtime.tensorflow()
        signature = [tf.TensorSpec([None, *self._model.input_shape[1:]], tf.uint8)]

        @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
        def run(inputs: Any) -> Any:
            return self._model(tf.cast(inputs, tf.float32), training=False)

        self._run = run

    def run(self, inputs: Pixels) -> Floats:
        """From samples to activations."""
        activations: Floats = self._run(inputs).numpy()
        return activations


class LiteRtPrefix:
    """LiteRT with XNNPACK on all cores, in batches of a fixed size."""

    def __init__(self, cut: Cut, file: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with runtime.without_chatter():
            self._interpreter = Interpreter(
                str(file), num_threads=max(1, os.cpu_count() or 1)
            )
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._shape = cut.shape

    def run(self, inputs: Pixels) -> Floats:
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


def prefix_model(backbone_model: Any, cut: Cut) -> Any:
    """The part of a backbone up to the cut, as a Keras model that shares its layers."""
    import keras

    if cut.block == POOLED:
        pooled = keras.layers.GlobalAveragePooling2D()(backbone_model.output)
        return keras.Model(backbone_model.input, pooled)
    return keras.Model(backbone_model.input, cut_output(backbone_model, cut))


def cut_output(keras_model: Any, cut: Cut) -> Any:
    """The tensor that the last frozen block hands on."""
    last = [la for la in keras_model.layers if block_of(la.name) == cut.block][-1]
    return last.output


def _convert(cut: Cut, file: Path) -> None:
    """Writes the frozen layers as a LiteRT file, whole or not at all."""
    tf = runtime.tensorflow()
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    model = prefix_model(build_backbone(cut.backbone.name), cut)
    signature = [tf.TensorSpec([BATCH, *model.input_shape[1:]], tf.float32)]

    @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
    def run(inputs: Any) -> Any:
        return model(inputs, training=False)

    # Without the variables made constants, the file would hold none of them.
    frozen = convert_variables_to_constants_v2(run.get_concrete_function())
    with runtime.without_chatter():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], model)
        content: bytes = converter.convert()
    file.parent.mkdir(parents=True, exist_ok=True)
    storage.write_bytes(file, content)


def _compare(fast: Prefix, plain: Prefix, sample: Pixels) -> None:
    """Makes sure that both give the same numbers.

    Raises:
        ValueError: they do not.
    """
    expected, found = plain.run(sample), fast.run(sample)
    scale = float(np.abs(expected).max()) or 1.0
    difference = float(np.abs(expected - found).max()) / scale
    if not difference < TOLERANCE:
        raise ValueError(f"its numbers differ by {difference:.1e} of the largest")


def _is_sealed(file: Path, seal: Path) -> bool:
    """Whether a converted file was compared with Keras on this machine before."""
    try:
        return seal.read_text(encoding="utf-8") == _seal_of(file)
    except OSError:
        return False


def _seal_of(file: Path) -> str:
    import importlib.metadata
    import platform

    with file.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    litert = importlib.metadata.version("ai-edge-litert")
    return f"{content} {litert} {platform.machine()} {platform.processor()}"
