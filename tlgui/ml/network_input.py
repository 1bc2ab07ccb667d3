"""What a network of one's own takes: the size of a photo, its channels, its pixels."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tlgui.core.model_notes import PIXELS, USUAL_PIXELS
from tlgui.core.types import Floats

_GREY = (0.299, 0.587, 0.114)  # as Pillow makes a picture grey (ITU-R 601-2)


def picture_of(shape: Sequence[int]) -> tuple[int, int]:
    """Side and channels of the square picture that a network takes.

    Raises:
        ValueError: it takes something else.
    """
    if len(shape) == 1:
        for channels in (1, 3):  # never both: 3 is no square
            side = math.isqrt(shape[0] // channels)
            if channels * side * side == shape[0]:
                return side, channels
        raise ValueError(
            f"it takes {shape[0]:,} numbers, which make no square picture (28 x 28 "
            "would be 784)"
        )
    rows, columns, channels = (*shape, 1)[:3]
    if rows != columns:
        raise ValueError(f"it takes pictures of {rows} x {columns}, not square ones")
    if channels not in (1, 3):
        raise ValueError(f"it takes pictures with {channels} channels, not 1 or 3")
    return rows, channels


def pixels_of(base: Any) -> str:
    """The pixel values that a network says it takes; "" if it does not say."""
    for operation in base.operations:
        kind = type(operation).__name__
        if kind == "Rescaling":
            return "0..255"
        if kind == "Normalization":
            return "0..255" if float(np.max(_seen(operation)[0])) > 1 else "0..1"
        if kind not in ("InputLayer", "Reshape", "Flatten", "ZeroPadding2D"):
            return ""
    return ""


def picture_sentence(size: int, channels: int, pixels: str, *, is_chosen: bool) -> str:
    """What a network takes, and what of that was assumed, for the person.

    Args:
        size: side of the square in pixels.
        channels: 1 or 3.
        pixels: one of `PIXELS`; "" if nobody knows.
        is_chosen: whether a person has said so.
    """
    what = "grey photos" if channels == 1 else "photos"
    sentence = f"It sees {what} of {size} x {size}"
    if is_chosen:
        return f"{sentence}, with pixels {pixels}, as you said."
    if pixels:
        return f"{sentence}, with pixels {pixels}, as its own layers say."
    return (
        f"{sentence}. Which pixel values it was trained on is not in the file; "
        f"{USUAL_PIXELS} is assumed, as is usual."
    )


def front(
    size: int, channels: int, scaling: tuple[float, float], shape: Sequence[int]
) -> Callable[[Any], Any]:
    """From RGB values 0..255 to what a network takes, without any weights.

    The mean of three channels, each times three and its share, is their grey.
    """
    import keras

    factor, shift = scaling

    def run(x: Any) -> Any:
        reshape = keras.layers.Reshape
        if channels == 1:
            shares = [3 * factor * share for share in _GREY]
            x = keras.layers.Rescaling(shares, shift, name="input_rescaling")(x)
            x = reshape((size * size, 3, 1), name="input_channels")(x)
            x = keras.layers.AveragePooling2D((1, 3), name="input_grey")(x)
        elif scaling != PIXELS["0..255"]:
            x = keras.layers.Rescaling(factor, shift, name="input_rescaling")(x)
        if tuple(x.shape[1:]) != tuple(shape):
            x = reshape(tuple(shape), name="input_shape")(x)
        return x

    return run


def with_plain_scaling(base: Any) -> Any:
    """Puts Rescaling where a Normalization keeps what it has seen as weights."""
    import keras

    def plain(operation: Any) -> Any:
        if type(operation).__name__ != "Normalization" or not operation.weights:
            return operation
        mean, variance = _seen(operation)
        factor = 1 / np.maximum(np.sqrt(variance), keras.backend.epsilon())
        return keras.layers.Rescaling(factor.tolist(), (-mean * factor).tolist())

    if all(plain(operation) is operation for operation in base.operations):
        return base
    inputs = keras.Input(base.input_shape[1:])
    return keras.Model(inputs, base._run_through_graph(inputs, plain))


def _seen(normalization: Any) -> tuple[Floats, Floats]:
    """Mean and variance that a Normalization layer has seen or was given."""
    values = normalization.weights[:2] or (normalization.mean, normalization.variance)
    mean, variance = (np.asarray(value, np.float32).ravel() for value in values)
    return mean, variance
