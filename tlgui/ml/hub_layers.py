"""Lays a backbone of keras-hub flat: blocks that are layers of their own are opened."""

import re
from collections.abc import Callable
from typing import Any

from tlgui.ml.flat_copy import Group, plain_names
from tlgui.ml.foreign.constructors import RECIPES
from tlgui.ml.foreign.refusal import Refusal
from tlgui.ml.unsharing import without_shared

_OPERATIONS = ("Add", "Multiply")
_MAP = 4  # axes of a batch of feature maps
_MOST_LEVELS = 4  # of blocks inside blocks
_BLOCK = re.compile(r"(stack|stage|block|conv|stem|top|transition|output)_?(\d*)")


def with_plain_layers(backbone: Any) -> Any:
    """The same as one functional model of plain Keras layers, which it shares.

    Args:
        backbone: built by keras-hub, for photos of one size.

    Raises:
        Refusal: one of its layers cannot be opened.
    """
    try:
        made = _with_opened(backbone)
        for _ in range(_MOST_LEVELS):
            if any(map(_can_be_opened, made.operations)):
                made = _with_opened(made)
        made = without_shared(made)
    except (ValueError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise Refusal(f"its layers cannot be laid flat ({reason})") from error
    for operation in made.operations:
        kind = type(operation).__name__
        is_plain = type(operation).__module__.startswith("keras.src.")
        known = kind in RECIPES or kind in (*_OPERATIONS, "InputLayer")
        if not is_plain or not known:
            raise Refusal(f"it has layers of the kind {kind}, which cannot be built")
    return made


def _with_opened(model: Any) -> Any:
    import keras

    inputs = keras.Input(model.input_shape[1:])
    outputs = model._run_through_graph(inputs, _opened)
    if not keras.backend.is_keras_tensor(outputs):
        raise ValueError("it has several outputs")
    return keras.Model(inputs, outputs)


def _is_of_hub(operation: Any) -> bool:
    return type(operation).__module__.startswith("keras_hub.")


def _can_be_opened(operation: Any) -> bool:
    kind = type(operation).__name__
    return _is_of_hub(operation) or kind in ("Mean", "Pad") or _joins_maps(operation)


def _joins_maps(operation: Any) -> bool:
    """Whether it adds or multiplies two feature maps without being a layer."""
    import keras

    is_layer = isinstance(operation, keras.Layer)
    inputs = operation._inbound_nodes[-1].input_tensors
    return not is_layer and type(operation).__name__ in _OPERATIONS and len(inputs) == 2


def hub_group(plain: Any) -> Group:
    """The blocks of a backbone, by what keras-hub calls its layers."""
    begun: dict[str, str] = {}
    seen = {"", "stem"}
    for name in plain_names(plain.operations)[1:]:
        block = _block(name) or ("" if begun else "stem")
        if not begun or block not in seen:
            begun[name] = block
        seen.add(block)
    return lambda name: begun.get(name, "")


def _block(name: str) -> str:
    found = _BLOCK.match(name)
    return "".join(found.groups()) if found else ""


def _opened(operation: Any) -> Callable[..., Any]:
    """What stands for an operation: itself, or what is inside of it."""
    if _is_of_hub(operation):
        for layer in operation._flatten_layers(include_self=False):
            if not layer.name.startswith(f"{operation.name}_"):
                layer.name = f"{operation.name}_{layer.name}"
        opened: Callable[..., Any] = operation.call
        return opened
    if type(operation).__name__ == "Pad":
        return lambda x, constant_values=None: _padded(x, operation, constant_values)
    if type(operation).__name__ == "Mean":
        return lambda x: _pooled(x, operation)
    if _joins_maps(operation):
        return lambda a, b: _joined(a, b, operation)
    plain: Callable[..., Any] = operation
    return plain


def _joined(a: Any, b: Any, operation: Any) -> Any:
    import keras

    return getattr(keras.layers, type(operation).__name__)()([a, b])


def _pooled(x: Any, operation: Any) -> Any:
    """A mean over rows and columns."""
    import keras

    if list(operation.axis) != [1, 2] or len(x.shape) != _MAP:
        raise ValueError("an unusual mean")
    return keras.layers.GlobalAveragePooling2D(keepdims=operation.keepdims)(x)


def _padded(x: Any, operation: Any, value: Any) -> Any:
    """A margin of minus infinity in front of a maximum: the edge once more.

    Every window of three that reaches into the margin sees the edge too, so the
    maximum is the same.
    """
    margins = [tuple(pair) for pair in operation.pad_width]
    if value != float("-inf") or margins != [(0, 0), (1, 1), (1, 1), (0, 0)]:
        raise ValueError("an unusual margin")
    import keras

    la = keras.layers
    for axis in (1, 2):
        rest = x.shape[axis] - 1
        cuts = [[(0, 0), (0, 0)], [(0, 0), (0, 0)]]
        cuts[0][axis - 1], cuts[1][axis - 1] = (0, rest), (rest, 0)
        first, last = (la.Cropping2D(tuple(cut))(x) for cut in cuts)
        x = la.Concatenate(axis=axis)([first, x, last])
    return x
