"""A model of others as a flat model of ours: layers named by block, a cut after each.

Every part of the engine goes by names: a layer is called `<block>_<role>`, and all that
a block hands on is one tensor, so that a backbone can be divided after any block. The
models of `keras.applications` were not made for that. Their layers are built anew
under such names, in the same order and with the same settings.

Dropout inside a backbone is left out, for the reason given in `efficientnet_lite`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

INPUT = "input"
Group = Callable[[str], str]
"""From an operation's name to the block that begins there; "" if none does."""

_COUNTED = re.compile(r"_\d+$")
_RANDOM = ("Dropout", "SpatialDropout2D", "GaussianNoise", "StochasticDepth")


@dataclass
class FlatCopy:
    """What became of a model.

    Attributes:
        keras_model: the copy.
        blocks: its blocks, from input to the last feature map.
        pairs: from each layer of the original that has weights to its copy.
    """

    keras_model: Any
    blocks: tuple[str, ...]
    pairs: list[tuple[Any, Any]] = field(default_factory=list)

    def take_weights(self) -> None:
        """Copies all weights over from the original."""
        for source, copy in self.pairs:
            copy.set_weights(source.get_weights())


def block_of(layer_name: str) -> str:
    """The block of a layer, or `input` for a layer of the preprocessing."""
    return layer_name.split("_")[0]


def plain_names(operations: Sequence[Any]) -> list[str]:
    """Names that do not depend on what was built before in this process.

    Keras counts layers without a name through the whole process: `activation_38`.
    Here they are counted within the model.

    Args:
        operations: of one model, in order.
    """
    counts: dict[str, int] = {}
    names = []
    for operation in operations:
        name = str(operation.name)
        kind = _snake_case(type(operation).__name__)
        if _COUNTED.sub("", name) == kind:
            number = counts.get(kind, 0)
            counts[kind] = number + 1
            name = f"{kind}_{number}" if number else kind
        names.append(name)
    return names


def single_outputs(operations: Sequence[Any]) -> list[bool]:
    """Where a model can be divided: what comes later needs this output only.

    Args:
        operations: of one functional model, in order.
    """
    place = {id(operation): index for index, operation in enumerate(operations)}
    last_use = [-1] * len(operations)
    for index, operation in enumerate(operations):
        for node in operation._inbound_nodes:
            for tensor in node.input_tensors:
                source = place.get(id(tensor._keras_history.operation))
                if source is not None:
                    last_use[source] = index
    found, latest = [], -1
    for index, use in enumerate(last_use):
        found.append(latest <= index)
        latest = max(latest, use)
    return found


def blocks_of(operations: Sequence[Any], group: Group) -> list[str]:
    """The block of every operation.

    A block begins behind the last place where the model can be divided before the
    first operation of its group. A group that begins where it cannot be divided
    belongs to the block before it.

    Args:
        operations: of one functional model, in order.
        group: names the blocks.
    """
    can_divide = single_outputs(operations)
    blocks, begun, block, known = [INPUT] * len(operations), 0, INPUT, {INPUT}
    for index, name in enumerate(plain_names(operations)):
        wanted = group(name)
        if wanted and wanted not in known:
            known.add(wanted)
            start = _place_before(can_divide, index)
            if start > begun:
                blocks[start:] = [wanted] * (len(operations) - start)
                begun, block = start, wanted
        blocks[index] = block
    return blocks


def _place_before(can_divide: Sequence[bool], index: int) -> int:
    """The operation behind the last division before one."""
    while index > 0 and not can_divide[index - 1]:
        index -= 1
    return index


def copy_flat(
    source: Any,
    name: str,
    group: Group,
    scaling: Callable[[Any], Any] | None = None,
    shape: Sequence[int] | None = None,
) -> FlatCopy:
    """Builds a flat copy of a functional model, with random weights.

    Args:
        source: from pictures, shape `(batch, size, size, 3)`, to a feature map.
        name: of the copy.
        group: names the blocks.
        scaling: a layer, or several, for the pixels that the original does not contain.
        shape: of the pictures, where it is not that of the original.

    Returns:
        The copy, from RGB values 0..255; `take_weights` fills it.
    """
    import keras

    operations = source.operations
    names, blocks = plain_names(operations), blocks_of(operations, group)
    titles = {
        id(operation): f"{block}_{name}"
        for operation, name, block in zip(operations, names, blocks, strict=True)
    }
    made = FlatCopy(None, tuple(dict.fromkeys(b for b in blocks if b != INPUT)))

    def operation(original: Any) -> Callable[..., Any]:
        return _copied(original, titles[id(original)], made.pairs)

    inputs = keras.Input(shape or source.input_shape[1:], name=f"{INPUT}_image")
    x = inputs if scaling is None else scaling(inputs)
    # Keras' own walk over the graph; it has no public name.
    outputs = source._run_through_graph(x, operation)
    made.keras_model = keras.Model(inputs, outputs, name=name)
    return made


def _copied(
    original: Any, title: str, pairs: list[tuple[Any, Any]]
) -> Callable[..., Any]:
    import keras

    kind = type(original).__name__
    if kind in _RANDOM:
        return lambda x, **_: x
    if isinstance(original, keras.Sequential):
        parts = [_copied(la, f"{title}_{la.name}", pairs) for la in original.layers]
        return lambda x, **_: _chain(parts, x)
    if isinstance(original, keras.Layer):
        copy = type(original).from_config({**original.get_config(), "name": title})
        if original.weights:
            pairs.append((original, copy))
        return copy  # type: ignore[no-any-return]
    if kind == "Add":
        return lambda a, b: _sum(a, b, title, original)
    return type(original)(name=title)  # type: ignore[no-any-return]


def _chain(parts: Sequence[Callable[..., Any]], x: Any) -> Any:
    for part in parts:
        x = part(x)
    return x


def _sum(a: Any, b: Any, title: str, original: Any) -> Any:
    """Two feature maps are added by a layer, where a block can end."""
    import keras

    if keras.backend.is_keras_tensor(a) and keras.backend.is_keras_tensor(b):
        return keras.layers.Add(name=title)([a, b])
    return type(original)(name=title)(a, b)


def _snake_case(name: str) -> str:
    """As Keras makes a layer's name of its class."""
    name = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
