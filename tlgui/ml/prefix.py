"""Runs the frozen layers in front of the cut, in the fastest runtime there is.

LiteRT with XNNPACK runs a frozen network at about three times the speed of
`model.predict` on a CPU, at equal numbers. Converting takes a second or more, so the
converted file is kept; and its numbers are compared with Keras' own on some of the
person's pictures before it is trusted the first time.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tlgui.core.types import Floats, Pixels
from tlgui.ml import litert_prefix, runtime
from tlgui.ml.backbones import build_backbone
from tlgui.ml.cuts import Cut, Part, prefix_model
from tlgui.ml.devices import prefers_tensorflow
from tlgui.ml.forward import run_layers
from tlgui.ml.litert_prefix import LiteRtPrefix, best_lanes, has_litert, usable
from tlgui.ml.prefix_files import (
    Seal,
    is_refused,
    keep_converted,
    read_converted,
    seal_of,
    sealed_lanes,
)

_log = logging.getLogger(__name__)

# Relative to the largest activation. Measured for the three EfficientNet-Lites on
# photos: below 1e-5.
TOLERANCE = 1e-4


class Prefix(Protocol):
    """The frozen layers in front of a cut."""

    def run(self, inputs: Pixels) -> Floats:
        """From samples, shape `(n, …)`, to activations, shape `(n, *cut.shape)`."""
        ...


def make_prefix(
    cut: Part, folders: Sequence[Path], sample: Callable[[], Pixels | Floats]
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
    if not has_litert() or prefers_tensorflow() or is_refused(cut, folders[0]):
        return KerasPrefix(cut)
    there = read_converted(cut, folders)
    if there is not None:
        lanes = sealed_lanes(cut, folders[0], there)
        prefix = usable(cut, there, lanes) if lanes else None
        if prefix is not None:
            return prefix
    plain, pixels = KerasPrefix(cut), sample()
    for content in _candidates(cut, there):
        prefix = usable(cut, content, best_lanes(cut, content))
        if prefix is not None and _is_equal(cut, prefix, plain, pixels):
            seal = Seal(seal_of(cut, content), prefix.lanes)
            keep_converted(cut, folders[0], None if content is there else content, seal)
            return prefix
    keep_converted(cut, folders[0], None, Seal(seal_of(cut, b"")))
    return plain


def prefix_to_time(cut: Cut, folders: Sequence[Path]) -> Prefix:
    """The fastest runtime there is, for measuring its speed alone.

    Nobody has compared its numbers, and nothing is noted: a person's own pictures
    decide later whether they are trusted.
    """
    there = read_converted(cut, folders)
    if has_litert() and not prefers_tensorflow() and there is not None:
        fast = usable(cut, there, best_lanes(cut, there))
        if fast is not None:
            return fast
    return KerasPrefix(cut)


def is_checked(cut: Part, folders: Sequence[Path]) -> bool:
    """Whether a converted file is there whose numbers were compared on this computer.

    Then `make_prefix` needs neither TensorFlow nor samples.
    """
    there = read_converted(cut, folders)
    return there is not None and sealed_lanes(cut, folders[0], there) is not None


def convert_prefix(cut: Part, folders: Sequence[Path]) -> None:
    """Converts the frozen layers unless that was done before.

    Where LiteRT is not to be had or does not take them, nothing is converted.
    """
    if (
        has_litert()
        and not prefers_tensorflow()
        and read_converted(cut, folders) is None
    ):
        for content in _candidates(cut, None):
            keep_converted(cut, folders[0], content)


def is_converted(cut: Part, folders: Sequence[Path]) -> bool:
    """Whether LiteRT can take these layers without converting them."""
    return has_litert() and read_converted(cut, folders) is not None


class KerasPrefix:
    """The plain way, and the measure for every other."""

    def __init__(self, cut: Part) -> None:
        self._model = prefix_model(build_backbone(cut.backbone), cut)
        tf = runtime.tensorflow()
        dtype = tf.uint8 if isinstance(cut, Cut) else tf.float32
        signature = [tf.TensorSpec([None, *self._model.input_shape[1:]], dtype)]

        @tf.function(input_signature=signature, jit_compile=False, autograph=False)  # type: ignore[untyped-decorator]
        def run(inputs: Any) -> Any:
            return run_layers(self._model, tf.cast(inputs, tf.float32), training=False)

        self._run = run

    def run(self, inputs: Pixels | Floats) -> Floats:
        """From samples to activations."""
        activations: Floats = self._run(inputs).numpy()
        return activations


def _candidates(cut: Part, there: bytes | None) -> Iterator[bytes]:
    """What was converted before, then what is converted now."""
    if there is not None:
        yield there
    try:
        yield litert_prefix.convert(cut)
    except (ValueError, RuntimeError) as error:
        _log.info("%s is not converted: %s", cut.name, error)


def _is_equal(cut: Part, fast: Prefix, plain: Prefix, sample: Any) -> bool:
    """Whether both give the same numbers."""
    expected, found = plain.run(sample), fast.run(sample)
    scale = float(np.abs(expected).max()) or 1.0
    difference = float(np.abs(expected - found).max()) / scale
    if difference < TOLERANCE:  # never true for what is not a number
        return True
    _log.info("LiteRT's numbers for %s differ by %.1e", cut.name, difference)
    return False
