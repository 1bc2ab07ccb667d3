"""Runs the frozen layers in front of the cut, in the fastest runtime there is.

LiteRT with XNNPACK runs a frozen network at about three times the speed of
`model.predict` on a CPU, at equal numbers. Converting takes a second or more, so the
converted file is kept; and its numbers are compared with Keras' own on some of the
person's pictures before it is trusted the first time.
"""

import contextlib
import dataclasses
import hashlib
import json
import logging
import math
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
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
from tlgui.ml.devices import prefers_tensorflow

_log = logging.getLogger(__name__)

POOLED = "pooled"
CONVERTER_VERSION = 1
BATCH = 8
# Relative to the largest activation. Measured for the three EfficientNet-Lites on
# photos: below 1e-5.
TOLERANCE = 1e-4
_TRIALS = 3
_CLEARLY = 0.9


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
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one decoded sample."""
        return (self.backbone.input_size, self.backbone.input_size, 3)

    @property
    def name(self) -> str:
        """A name for files, unique to the numbers that come out."""
        sha = self.backbone.weights_sha256[:12]
        return f"{self.backbone.name}-{sha}-{self.block}-{CONVERTER_VERSION}"


@dataclass(frozen=True)
class Span:
    """The layers between two cuts of one backbone.

    Attributes:
        start: whose activations go in.
        end: whose activations come out.
    """

    start: Cut
    end: Cut

    @property
    def backbone(self) -> Backbone:
        """The whole."""
        return self.end.backbone

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample's activations."""
        return self.end.shape

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of what goes in for one sample."""
        return self.start.shape

    @property
    def name(self) -> str:
        """A name for files, unique to the numbers that come out."""
        return f"{self.end.name}-from-{self.start.block}"


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


def make_prefix(
    cut: Cut | Span, folders: Sequence[Path], sample: Callable[[], Pixels | Floats]
) -> "KerasPrefix | LiteRtPrefix":
    """Prepares the fastest runtime whose numbers are right.

    Args:
        cut: where the backbone is divided; or the layers between two cuts.
        folders: where converted files are looked for; new ones are kept in the first.
        sample: gives a few samples of what goes in to compare the numbers on, shape
            `(n, …)`; not asked where they were compared before.

    Raises:
        TlguiError: the backbone's weights cannot be had.
    """
    if not _has_litert() or prefers_tensorflow() or _is_refused(cut, folders[0]):
        return KerasPrefix(cut)
    there = _read(cut, folders)
    if there is not None:
        threads = _sealed_threads(cut, folders[0], there)
        prefix = _usable(cut, there, threads) if threads else None
        if prefix is not None:
            return prefix
    plain, pixels = KerasPrefix(cut), sample()
    for content in _candidates(cut, there):
        prefix = _usable(cut, content, _best_threads(cut, content))
        if prefix is not None and _is_equal(cut, prefix, plain, pixels):
            seal = _Seal(_seal_of(cut, content), prefix.threads)
            _keep(cut, folders[0], None if content is there else content, seal)
            return prefix
    _keep(cut, folders[0], None, _Seal(_seal_of(cut, b""), 0))
    return plain


def is_checked(cut: Cut | Span, folders: Sequence[Path]) -> bool:
    """Whether a converted file is there whose numbers were compared on this computer.

    Then `make_prefix` needs neither TensorFlow nor samples.
    """
    there = _read(cut, folders)
    return there is not None and _sealed_threads(cut, folders[0], there) > 0


def convert_prefix(cut: Cut | Span, folders: Sequence[Path]) -> None:
    """Converts the frozen layers unless that was done before.

    Where LiteRT is not to be had or does not take them, nothing is converted.
    """
    if _has_litert() and not prefers_tensorflow() and _read(cut, folders) is None:
        for content in _candidates(cut, None):
            _keep(cut, folders[0], content)


class KerasPrefix:
    """The plain way, and the measure for every other."""

    def __init__(self, cut: Cut | Span) -> None:
        self._model = prefix_model(build_backbone(cut.backbone.name), cut)
        tf = runtime.tensorflow()
        dtype = tf.uint8 if isinstance(cut, Cut) else tf.float32
        signature = [tf.TensorSpec([None, *self._model.input_shape[1:]], dtype)]

        @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
        def run(inputs: Any) -> Any:
            return self._model(tf.cast(inputs, tf.float32), training=False)

        self._run = run

    def run(self, inputs: Pixels | Floats) -> Floats:
        """From samples to activations."""
        activations: Floats = self._run(inputs).numpy()
        return activations


class LiteRtPrefix:
    """LiteRT with XNNPACK, in batches of a fixed size.

    Attributes:
        threads: how many it uses.
    """

    def __init__(self, cut: Cut | Span, content: bytes, threads: int) -> None:
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


def prefix_model(backbone_model: Any, cut: Cut | Span) -> Any:
    """The part of a backbone up to the cut, as a Keras model that shares its layers."""
    import keras

    if isinstance(cut, Span):
        start, end = cut_output(backbone_model, cut.start), cut.end
    else:
        start, end = backbone_model.input, cut
    if end.block == POOLED:
        pooled = keras.layers.GlobalAveragePooling2D()(backbone_model.output)
        return keras.Model(start, pooled)
    return keras.Model(start, cut_output(backbone_model, end))


def cut_output(keras_model: Any, cut: Cut) -> Any:
    """The tensor that the last frozen block hands on."""
    last = [la for la in keras_model.layers if block_of(la.name) == cut.block][-1]
    return last.output


def is_converted(cut: Cut | Span, folders: Sequence[Path]) -> bool:
    """Whether LiteRT can take these layers without converting them."""
    return _has_litert() and _read(cut, folders) is not None


def _has_litert() -> bool:
    try:
        import ai_edge_litert.interpreter  # noqa: F401
    except ImportError as error:
        _log.info("LiteRT is not used: %s", error)
        return False
    return True


def _usable(cut: Cut | Span, content: bytes, threads: int) -> LiteRtPrefix | None:
    """A converted file in its runtime, if that takes it."""
    try:
        return LiteRtPrefix(cut, content, threads)
    except (ValueError, RuntimeError) as error:
        _log.info("LiteRT does not take a file for %s: %s", cut.name, error)
        return None


def _candidates(cut: Cut | Span, there: bytes | None) -> Iterator[bytes]:
    """What was converted before, then what is converted now."""
    if there is not None:
        yield there
    try:
        yield _convert(cut)
    except (ValueError, RuntimeError) as error:
        _log.info("%s is not converted: %s", cut.name, error)


def _convert(cut: Cut | Span) -> bytes:
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


def _is_equal(cut: Cut | Span, fast: Prefix, plain: Prefix, sample: Any) -> bool:
    """Whether both give the same numbers."""
    expected, found = plain.run(sample), fast.run(sample)
    scale = float(np.abs(expected).max()) or 1.0
    difference = float(np.abs(expected - found).max()) / scale
    if difference < TOLERANCE:  # never true for what is not a number
        return True
    _log.info("LiteRT's numbers for %s differ by %.1e", cut.name, difference)
    return False


def _files(cut: Cut | Span, folder: Path) -> tuple[Path, Path]:
    """The converted file, and the seal that says that it was compared."""
    return folder / f"{cut.name}.tflite", folder / f"{cut.name}.checked"


def _read(cut: Cut | Span, folders: Sequence[Path]) -> bytes | None:
    """What was converted before, if anything."""
    for folder in folders:
        with contextlib.suppress(OSError):
            return _files(cut, folder)[0].read_bytes()
    return None


@dataclass(frozen=True)
class _Seal:
    """Says that a converted file was compared with Keras on this computer.

    Attributes:
        text: of which file, by which runtime, on which computer.
        threads: with which it was fastest.
    """

    text: str
    threads: int


def _is_refused(cut: Cut | Span, folder: Path) -> bool:
    """Whether this runtime did not do for these layers before."""
    return _read_seal(cut, folder) == _Seal(_seal_of(cut, b""), 0)


def _sealed_threads(cut: Cut | Span, folder: Path, content: bytes) -> int:
    """With how many threads to run a converted file; 0 if it was never compared."""
    seal = _read_seal(cut, folder)
    return seal.threads if seal and seal.text == _seal_of(cut, content) else 0


def _read_seal(cut: Cut | Span, folder: Path) -> _Seal | None:
    """What the last comparison gave, if there was one."""
    try:
        value = json.loads(_files(cut, folder)[1].read_text(encoding="utf-8"))
        return _Seal(str(value["text"]), max(int(value["threads"]), 0))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _best_threads(cut: Cut | Span, content: bytes) -> int:
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


def _seconds(cut: Cut | Span, content: bytes, threads: int) -> float:
    """How long a batch takes; infinite if the runtime does not take the file."""
    prefix = _usable(cut, content, threads)
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


def _keep(
    cut: Cut | Span, folder: Path, content: bytes | None, seal: _Seal | None = None
) -> None:
    """Keeps a converted file; where that fails the next run converts again."""
    file, seal_file = _files(cut, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if content is not None:
            storage.write_bytes(file, content)
        if seal is not None:
            storage.write_json(seal_file, dataclasses.asdict(seal))
    except (OSError, TlguiError) as error:
        _log.info("%s is converted again next time: %s", cut.name, error)


def _seal_of(cut: Cut | Span, content: bytes) -> str:
    """Guards against damage and mix-ups, not against people."""
    import ai_edge_litert

    digest = hashlib.sha256(content).hexdigest()
    machine = f"{platform.machine()} {platform.processor()}"
    return f"{cut.name} {digest} {ai_edge_litert.__version__} {machine}"
