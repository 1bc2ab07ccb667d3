"""Runs the frozen layers in front of the cut, in the fastest runtime there is.

LiteRT with XNNPACK runs a frozen network at about three times the speed of
`model.predict` on a CPU, at equal numbers. Converting takes a second or more, so the
converted file is kept; and its numbers are compared with Keras' own on some of the
person's pictures before it is trusted the first time.
"""

import hashlib
import logging
import os
import platform
from collections.abc import Callable, Iterator
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
from tlgui.ml.forward import run_layers

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
            `(n, …)`; not asked where they were compared before.

    Raises:
        TlguiError: the backbone's weights cannot be had.
    """
    if not _has_litert():
        return KerasPrefix(cut)
    there = _read(cut, folder)
    if there is not None and _is_sealed(cut, folder, there):
        prefix = _usable(cut, there)
        if prefix is not None:
            return prefix
    plain, pixels = KerasPrefix(cut), sample()
    for content in _candidates(cut, there):
        prefix = _usable(cut, content)
        if prefix is not None and _is_equal(cut, prefix, plain, pixels):
            _keep(cut, folder, content, _seal_of(cut, content))
            return prefix
    return plain


def convert_prefix(cut: Cut, folder: Path) -> None:
    """Converts the frozen layers unless that was done before.

    Where LiteRT is not to be had or does not take them, nothing is converted.
    """
    if _has_litert() and _read(cut, folder) is None:
        for content in _candidates(cut, None):
            _keep(cut, folder, content)


class KerasPrefix:
    """The plain way, and the measure for every other."""

    def __init__(self, cut: Cut) -> None:
        self._model = prefix_model(build_backbone(cut.backbone.name), cut)
        tf = runtime.tensorflow()
        signature = [tf.TensorSpec([None, *self._model.input_shape[1:]], tf.uint8)]

        @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
        def run(inputs: Any) -> Any:
            return run_layers(self._model, tf.cast(inputs, tf.float32), training=False)

        self._run = run

    def run(self, inputs: Pixels) -> Floats:
        """From samples to activations."""
        activations: Floats = self._run(inputs).numpy()
        return activations


class LiteRtPrefix:
    """LiteRT with XNNPACK on all cores, in batches of a fixed size."""

    def __init__(self, cut: Cut, content: bytes) -> None:
        """Prepares the runtime.

        Args:
            cut: what was converted.
            content: of the converted file.

        Raises:
            ValueError: the file is damaged, or was made for other samples or layers.
            RuntimeError: LiteRT cannot run what is in it.
        """
        from ai_edge_litert.interpreter import Interpreter

        with runtime.without_chatter():
            self._interpreter = Interpreter(
                model_content=content, num_threads=max(1, os.cpu_count() or 1)
            )
            self._interpreter.allocate_tensors()
        taken = self._interpreter.get_input_details()[0]
        given = self._interpreter.get_output_details()[0]
        expected = ((BATCH, cut.backbone.input_size), (BATCH, *cut.shape))
        found = (tuple(taken["shape"][:2].tolist()), tuple(given["shape"].tolist()))
        if found != expected:
            raise ValueError(f"expected the shapes {expected}, found {found}")
        self._input, self._output = taken["index"], given["index"]
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


def _has_litert() -> bool:
    try:
        import ai_edge_litert.interpreter  # noqa: F401
    except ImportError as error:
        _log.info("LiteRT is not used: %s", error)
        return False
    return True


def _usable(cut: Cut, content: bytes) -> LiteRtPrefix | None:
    """A converted file in its runtime, if that takes it."""
    try:
        return LiteRtPrefix(cut, content)
    except (ValueError, RuntimeError) as error:
        _log.info("LiteRT does not take a file for %s: %s", cut.name, error)
        return None


def _candidates(cut: Cut, there: bytes | None) -> Iterator[bytes]:
    """What was converted before, then what is converted now."""
    if there is not None:
        yield there
    try:
        yield _convert(cut)
    except (ValueError, RuntimeError) as error:
        _log.info("%s is not converted: %s", cut.name, error)


def _convert(cut: Cut) -> bytes:
    """The frozen layers as the content of a LiteRT file.

    Raises:
        ValueError, RuntimeError: they cannot be converted.
    """
    tf = runtime.tensorflow()
    from tensorflow.lite.python.convert_phase import ConverterError
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    model = prefix_model(build_backbone(cut.backbone.name), cut)
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


def _is_equal(cut: Cut, fast: Prefix, plain: Prefix, sample: Pixels) -> bool:
    """Whether both give the same numbers."""
    expected, found = plain.run(sample), fast.run(sample)
    scale = float(np.abs(expected).max()) or 1.0
    difference = float(np.abs(expected - found).max()) / scale
    if difference < TOLERANCE:  # never true for what is not a number
        return True
    _log.info("LiteRT's numbers for %s differ by %.1e", cut.name, difference)
    return False


def _files(cut: Cut, folder: Path) -> tuple[Path, Path]:
    """The converted file, and the seal that says that it was compared."""
    return folder / f"{cut.name}.tflite", folder / f"{cut.name}.checked"


def _read(cut: Cut, folder: Path) -> bytes | None:
    """What was converted before, if anything."""
    try:
        return _files(cut, folder)[0].read_bytes()
    except OSError:
        return None


def _is_sealed(cut: Cut, folder: Path, content: bytes) -> bool:
    """Whether a converted file was compared with Keras on this machine before."""
    try:
        return _files(cut, folder)[1].read_bytes() == _seal_of(cut, content).encode()
    except OSError:
        return False


def _keep(cut: Cut, folder: Path, content: bytes, seal: str = "") -> None:
    """Keeps a converted file; where that fails the next run converts again."""
    file, seal_file = _files(cut, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        storage.write_bytes(file, content)
        if seal:
            storage.write_text(seal_file, seal)
    except (OSError, TlguiError) as error:
        _log.info("%s is converted again next time: %s", cut.name, error)


def _seal_of(cut: Cut, content: bytes) -> str:
    """Guards against damage and mix-ups, not against people."""
    import ai_edge_litert

    digest = hashlib.sha256(content).hexdigest()
    machine = f"{platform.machine()} {platform.processor()}"
    return f"{cut.name} {digest} {ai_edge_litert.__version__} {machine}"
