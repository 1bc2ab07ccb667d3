"""The table of a backbone's blocks and layers, by which it is known without TensorFlow.

Those of the catalogue are in `resources/backbones`, that of a network of one's own is
in its file.
"""

import math
from typing import Any

from tlgui.ml.flat_copy import INPUT, block_of


def table_of(keras_model: Any) -> list[dict[str, Any]]:
    """The blocks of a flat model from input to head, without the preprocessing.

    Raises:
        ValueError: the preprocessing has weights, which no block could hold.
    """
    blocks: dict[str, list[dict[str, Any]]] = {}
    for layer in keras_model.layers:
        blocks.setdefault(block_of(layer.name), []).append(_describe(layer))
    if any(layer["parameters"] for layer in blocks.pop(INPUT)):
        raise ValueError("its first layers cannot be divided from the photo")
    return [{"name": name, "layers": layers} for name, layers in blocks.items()]


def _describe(layer: Any) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": type(layer).__name__,
        "parameters": layer.count_params(),
        "trainable_parameters": sum(
            math.prod(variable.shape) for variable in layer.trainable_weights
        ),
        "output_shape": list(layer.output.shape[1:]),
    }
