"""Makes a network of one's own of a model file whose architecture nobody knows here.

Where the file describes its layers, they are built anew from that; of weights alone,
a chain of Dense layers is read from the shapes of its kernels. The last Dense layer is
the head; what comes before becomes a flat model with a block for each layer that
learns, from RGB values 0..255 to a feature map, as all the backbones are.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from tlgui.ml.network_input import (
    front,
    picture_of,
    picture_sentence,
    pixels_of,
    with_plain_scaling,
)
from tlgui.ml.unsharing import without_shared

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
        size, channels = picture_of(base.input_shape[1:])
        pixels = notes.pixels or pixels_of(base)
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
        _read_sentence(len(foreign.layers)),
        "" if chain is None else chain.sentence(),
        picture_sentence(size, channels, pixels, is_chosen=bool(notes.pixels)),
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


def _read_sentence(layers: int) -> str:
    if layers == 1:
        return "Its one layer with weights was read."
    return f"All {layers} layers with weights were read."


# -- the flat model ------------------------------------------------------------


def _flat(base: Any, size: int, channels: int, scaling: tuple[float, float]) -> Any:
    base = without_shared(with_plain_scaling(base))
    begin = front(size, channels, scaling, base.input_shape[1:])
    copy = copy_flat(base, "own", _group(base), begin, (size, size, 3))
    copy.take_weights()
    return copy.keras_model


def _group(base: Any) -> Group:
    """A block for each layer that learns; many of them are put together."""
    operations = base.operations
    starts: dict[str, str] = {}
    counts: dict[str, int] = {}
    for operation, name in zip(operations, plain_names(operations), strict=True):
        kind = _BLOCK_NAMES.get(type(operation).__name__, "")
        if not starts and getattr(operation, "weights", []):
            kind = kind or "norm"
        if kind:
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
