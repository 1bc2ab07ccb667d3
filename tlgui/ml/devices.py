"""Which devices there are, and what is made of them without asking.

Without a GPU everything here leaves things as they are. With one of compute
capability 7.0 or more, layers that are trained compute in half precision; with
several, each sees its share of a batch. The weights are kept in float32, so that the
finished model is an ordinary one. XLA stays off on a GPU as on a CPU, since nobody
has measured that it pays here.

None of this has been tried on a real GPU: the tests use logical CPUs.
"""

import contextlib
import functools
import importlib.metadata
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlgui.ml import runtime
from tlgui.ml.backbones import block_of

_log = logging.getLogger(__name__)

HALF_PRECISION = "mixed_float16"
# Has units for products of half precision:
# https://www.tensorflow.org/guide/mixed_precision
_CAPABILITY = (7, 0)
# Preprocessing and probabilities need the range or the digits of float32.
_FLOAT32_BLOCKS = ("input", "head")


@dataclass(frozen=True)
class Gpu:
    """A graphics processor.

    Attributes:
        name: as TensorFlow calls it, such as `GPU:0`.
        model: as its maker calls it.
        compute_capability: major and minor; None where it has none.
    """

    name: str
    model: str
    compute_capability: tuple[int, int] | None

    @property
    def is_fast_in_half_precision(self) -> bool:
        """Whether half precision pays."""
        found = self.compute_capability
        return found is not None and found >= _CAPABILITY


@dataclass(frozen=True)
class Devices:
    """What trains.

    Attributes:
        gpus: those that TensorFlow can use.
        replicas: the devices that share each batch; empty if one sees it whole.
        precision: a Keras dtype policy for the layers that are trained; empty for
            float32.
    """

    gpus: tuple[Gpu, ...] = ()
    replicas: tuple[str, ...] = ()
    precision: str = ""

    @property
    def strategy(self) -> Any:
        """The `tf.distribute.Strategy` to build models and optimisers in."""
        if self.replicas:
            return _mirrored(self.replicas)
        return runtime.tensorflow().distribute.get_strategy()

    def place(self, keras_model: Any) -> Any:
        """A model on every device that shares the batches; the same if one does.

        Args:
            keras_model: any; its weights are copied.
        """
        import keras

        if not self.replicas:
            return keras_model
        with self.strategy.scope():
            placed = keras.models.clone_model(keras_model)
            placed.set_weights(keras_model.get_weights())
        return placed

    def lower_precision(self, keras_model: Any) -> None:
        """Lets a model's layers compute in half precision, where that pays.

        Args:
            keras_model: made by `models.build_classifier`; its weights stay float32.
        """
        if self.precision:
            for layer in keras_model.layers:
                if block_of(layer.name) not in _FLOAT32_BLOCKS:
                    layer.dtype_policy = self.precision

    def scale_losses(self, optimizer: Any) -> Any:
        """An optimiser whose gradients do not vanish in half precision.

        It multiplies the loss by a number that it finds itself, and leaves out steps
        whose gradients are not finite.
        """
        import keras

        if self.precision == "mixed_float16":
            return keras.optimizers.LossScaleOptimizer(optimizer)
        return optimizer


@functools.cache
def find_devices() -> Devices:
    """What this computer has; asked once."""
    tf = runtime.tensorflow()
    found = tf.config.list_physical_devices("GPU")
    gpus = tuple(_describe(number, gpu) for number, gpu in enumerate(found))
    for gpu in found:
        # The screen and other programs need some of its memory too.
        with _unless_started():
            tf.config.experimental.set_memory_growth(gpu, True)
    return choose_devices(gpus)


def choose_devices(gpus: tuple[Gpu, ...]) -> Devices:
    """Decides what trains.

    Args:
        gpus: those there are; different ones do not share batches, since the fastest
            would wait for the slowest.
    """
    if not gpus:
        return Devices()
    alike = tuple(gpu.name for gpu in gpus if gpu.model == gpus[0].model)
    half = gpus[0].is_fast_in_half_precision
    return Devices(
        gpus, alike if len(alike) > 1 else (), HALF_PRECISION if half else ""
    )


def prefers_tensorflow() -> bool:
    """Whether frozen layers run faster in TensorFlow than in LiteRT on the CPU.

    They do on a GPU. TensorFlow is imported to ask for one only where there is a sign
    of one that it was built for.
    """
    return _has_signs_of_gpu() and bool(find_devices().gpus)


def _has_signs_of_gpu() -> bool:
    if sys.platform == "darwin":
        return _is_installed("tensorflow-metal")
    return Path("/dev/nvidiactl").exists() and not _is_installed("tensorflow-cpu")


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


@functools.cache
def _mirrored(replicas: tuple[str, ...]) -> Any:
    """One for the whole process, since a second one numbers its sums like the first.

    Devices that then wait for the same number add up what does not belong together,
    and fail ("Shape mismatch in the collective instance").
    """
    return runtime.tensorflow().distribute.MirroredStrategy(list(replicas))


def _describe(number: int, gpu: Any) -> Gpu:
    details = runtime.tensorflow().config.experimental.get_device_details(gpu)
    return Gpu(
        f"GPU:{number}",
        details.get("device_name", "unknown"),
        details.get("compute_capability"),
    )


@contextlib.contextmanager
def _unless_started() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # the GPU is in use by this process already
        _log.info("The GPU's memory is taken at once: %s", error)
