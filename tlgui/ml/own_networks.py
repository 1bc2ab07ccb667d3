"""Makes a network of one's own of a model file whose architecture nobody knows here.

Where the file describes its layers, they are built anew from that; of weights alone,
a chain of Dense layers is read from the shapes of its kernels. The last Dense layer is
the head; what comes before becomes a flat model with a block for each layer that
learns, from RGB values 0..255 to a feature map, as all the backbones are.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlgui.core.errors import TlguiError
from tlgui.core.model_notes import PIXELS, USUAL_PIXELS, ModelNotes
from tlgui.core.network import Network, make_network
from tlgui.core.types import Floats
from tlgui.ml.block_table import table_of
from tlgui.ml.dense_chain import build_chain, chain_in
from tlgui.ml.flat_copy import Group, copy_flat, plain_names
from tlgui.ml.foreign.gate import ForeignModel
from tlgui.ml.foreign.matching import assign_matched, match_weights
from tlgui.ml.foreign.rebuild import rebuild
from tlgui.ml.foreign.refusal import plain_text
from tlgui.ml.network_head import Head, split_head

_GREY = (0.299, 0.587, 0.114)  # as Pillow makes a picture grey (ITU-R 601-2)
_MOST_BLOCKS = 12
_BLOCK_NAMES = {
    "Dense": "dense",
    "Conv2D": "conv",
    "Conv2DTranspose": "upconv",
    "DepthwiseConv2D": "depthwise",
    "SeparableConv2D": "separable",
}


@dataclass(frozen=True)
class OwnNetwork:
    """A network of one's own, with its weights.

    Attributes:
        network: its architecture.
        layers: its weights by layer.
        head: its own head; None if it is none that could be kept.
        class_names: of the head.
        read: how many layers with weights were read, the head's included.
        sentence: what was found and what was assumed, for the person.
    """

    network: Network
    layers: Mapping[str, tuple[Floats, ...]]
    head: tuple[Floats, Floats] | None
    class_names: tuple[str, ...]
    read: int
    sentence: str


def own_network(foreign: ForeignModel, notes: ModelNotes) -> OwnNetwork:
    """Makes a network of a file whose architecture is not in the catalogue.

    Args:
        foreign: opened by the gate.
        notes: what a person says of it.

    Raises:
        TlguiError: it cannot be understood; says what was found.
    """
    try:
        chain = None if foreign.config is not None else chain_in(foreign.layers)
        model = _with_weights(foreign) if chain is None else build_chain(chain)
        base, head = split_head(model)
        names = _class_names(head, notes.class_names)
        size, channels = _picture(base.input_shape[1:])
        pixels = notes.pixels or _pixels_of(base)
        made = _flat(base, size, channels, PIXELS[pixels or USUAL_PIXELS])
        network = make_network(
            f"Own network, {size} × {size}",
            size,
            int(made.output_shape[-1]),
            table_of(made),
            _described(made),
        )
    except ValueError as error:
        raise _not_understood(foreign, str(error)) from error
    layers = {la.name: tuple(la.get_weights()) for la in made.layers if la.weights}
    told = [
        f"All {len(foreign.layers)} layers with weights were read.",
        "" if chain is None else chain.sentence(),
        _picture_sentence(size, channels, pixels, is_chosen=bool(notes.pixels)),
        _class_sentence(head, names, is_given=bool(notes.class_names)),
    ]
    return OwnNetwork(
        network,
        layers,
        head.weights,
        names,
        len(foreign.layers),
        " ".join(filter(None, told)),
    )


def _with_weights(foreign: ForeignModel) -> Any:
    model = rebuild(foreign)
    report = match_weights(foreign.layers, model)
    if report.new or report.unused:
        missing = ", ".join((report.new or report.unused)[:3])
        what = "has no weights for" if report.new else "has weights that belong nowhere"
        raise ValueError(f"it {what} ({plain_text(missing)})")
    assign_matched(report, model)
    return model


# -- the picture ---------------------------------------------------------------


def _picture(shape: Sequence[int]) -> tuple[int, int]:
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


def _pixels_of(base: Any) -> str:
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


def _picture_sentence(size: int, channels: int, pixels: str, *, is_chosen: bool) -> str:
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


# -- the flat model ------------------------------------------------------------


def _flat(base: Any, size: int, channels: int, scaling: tuple[float, float]) -> Any:
    base = _with_plain_scaling(base)
    front = _front(size, channels, scaling, base.input_shape[1:])
    copy = copy_flat(base, "own", _group(base), front, (size, size, 3))
    copy.take_weights()
    return copy.keras_model


def _front(
    size: int, channels: int, scaling: tuple[float, float], shape: Sequence[int]
) -> Callable[[Any], Any]:
    """From RGB values 0..255 to what a network takes, without any weights.

    The mean of three channels, each times three and its share, is their grey.
    """
    import keras

    factor, shift = scaling

    def front(x: Any) -> Any:
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

    return front


def _with_plain_scaling(base: Any) -> Any:
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


def _group(base: Any) -> Group:
    """A block for each layer that learns; many of them are put together."""
    operations = base.operations
    starts: dict[str, str] = {}
    counts: dict[str, int] = {}
    for operation, name in zip(operations, plain_names(operations), strict=True):
        kind = _BLOCK_NAMES.get(type(operation).__name__)
        if kind is not None:
            counts[kind] = counts.get(kind, 0) + 1
            starts[name] = f"{kind}{counts[kind]}"
    if not starts:
        starts = {plain_names(operations)[1]: "layers"}
    each = math.ceil(len(starts) / _MOST_BLOCKS)
    begun = dict(list(starts.items())[::each])
    return lambda name: begun.get(name, "")


def _described(model: Any) -> dict[str, Any]:
    import keras

    described: dict[str, Any] = keras.saving.serialize_keras_object(model)
    return described


# -- the head ------------------------------------------------------------------


def _class_names(head: Head, given: Sequence[str]) -> tuple[str, ...]:
    if head.weights is None:
        return ()
    classes = len(head.weights[1])
    if given and len(given) != classes:
        raise ValueError(
            f"it has {classes} classes, but {len(given)} class names were given"
        )
    return tuple(given) or tuple(map(str, range(classes)))


def _class_sentence(head: Head, names: Sequence[str], *, is_given: bool) -> str:
    if not names:
        return f"New, to be trained on your photos: its head ({head.reason})."
    if is_given:
        return f"Its {len(names)} classes are called as you said."
    return (
        f"What its {len(names)} classes are called is not in the file; they are "
        f"counted from 0 to {len(names) - 1}, and your folders of these names go on "
        "with what it has learned."
    )


def _not_understood(foreign: ForeignModel, reason: str) -> TlguiError:
    return TlguiError(
        f"The model {foreign.path} cannot be used: {plain_text(reason)}. Expected a "
        "model of the catalogue, a whole Keras model that ends in a Dense layer with "
        "one output a class, or the weights of Flatten and Dense layers; ask for the "
        "whole model, as a .keras file."
    )
