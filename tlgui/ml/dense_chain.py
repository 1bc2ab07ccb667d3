"""Reads a chain of Dense layers from the shapes of its weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tlgui.core.types import Floats
from tlgui.ml import runtime
from tlgui.ml.foreign.saved_layers import SavedLayer


@dataclass(frozen=True)
class Chain:
    """Dense layers one after the other, the last of them the head.

    Attributes:
        weights: of each layer: kernel `(inputs, outputs)`, and bias if it has one.
    """

    weights: tuple[tuple[Floats, ...], ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many numbers go in, and how many come out of each layer."""
        first = self.weights[0][0].shape[0]
        return (first, *(kernel.shape[1] for kernel, *_ in self.weights))

    def sentence(self) -> str:
        """What was assumed, for a person."""
        sizes = " - ".join(map(str, self.sizes))
        between = ", with ReLU between them, as is usual" if self.weights[1:] else ""
        return (
            "The file holds weights alone, so its layers are taken for Flatten and "
            f"Dense, {sizes}{between}."
        )


def chain_in(layers: Sequence[SavedLayer]) -> Chain:
    """Finds the chain that a file's weights are.

    Args:
        layers: in the file's order.

    Raises:
        ValueError: they are something else.
    """
    outputs = None
    for layer in layers:
        kernel, *bias = layer.shapes
        fits = len(kernel) == 2 and bias in ([], [(kernel[1],)])
        if not fits:
            raise ValueError(
                "it holds weights alone, and only of Flatten and Dense layers can be "
                f"told from that how they are connected; its layer {layer.name} has "
                f"the shapes {', '.join(map(str, layer.shapes))}"
            )
        if outputs not in (None, kernel[0]):
            raise ValueError(
                f"it holds weights alone, and its layer {layer.name} takes {kernel[0]} "
                f"numbers, but the one before hands on {outputs}"
            )
        outputs = kernel[1]
    return Chain(tuple(layer.weights for layer in layers))


def build_chain(chain: Chain) -> Any:
    """Builds the chain as a Keras model with its weights.

    Returns:
        From a vector to probabilities, with ReLU between the layers.
    """
    runtime.tensorflow()
    import keras

    x = inputs = keras.Input((chain.sizes[0],))
    parts = []
    for number, (kernel, *bias) in enumerate(chain.weights, 1):
        is_last = number == len(chain.weights)
        part = keras.layers.Dense(
            kernel.shape[1],
            activation="softmax" if is_last else "relu",
            use_bias=bool(bias),
            kernel_initializer="zeros",
            name=f"dense_{number}",
        )
        x = part(x)
        parts.append(part)
    for part, arrays in zip(parts, chain.weights, strict=True):
        part.set_weights(list(arrays))
    return keras.Model(inputs, x)
