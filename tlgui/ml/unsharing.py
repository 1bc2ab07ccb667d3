"""Gives each call of a shared layer a layer of its own, where it has no weights."""

from collections.abc import Callable
from typing import Any


def without_shared(model: Any) -> Any:
    """The same functional model, in which no layer is called twice.

    One activation may serve many places; a flat model needs a name for each.

    Args:
        model: any functional model; its layers are used, not copied.

    Raises:
        ValueError: a layer with weights is called twice.
    """
    import keras

    calls: dict[int, int] = {}

    def own(operation: Any) -> Callable[..., Any]:
        number = calls.get(id(operation), 0)
        calls[id(operation)] = number + 1
        if not number:
            called: Callable[..., Any] = operation
            return called
        if getattr(operation, "weights", ()):
            raise ValueError(f"its layer {operation.name} is used {number + 1} times")
        config = {**operation.get_config(), "name": f"{operation.name}_{number + 1}"}
        again: Callable[..., Any] = type(operation).from_config(config)
        return again

    inputs = keras.Input(model.input_shape[1:])
    return keras.Model(inputs, model._run_through_graph(inputs, own))
