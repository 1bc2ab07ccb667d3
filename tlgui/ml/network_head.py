"""Divides a classifier of somebody else into its layers and its head."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlgui.core.types import Floats

_ANSWERS = ("softmax", "linear")


@dataclass(frozen=True)
class Head:
    """The last layer of a classifier.

    Attributes:
        weights: kernel `(features, classes)` and bias `(classes,)` of a softmax; None
            if it is something else.
        reason: why it is None, as the middle of a sentence.
    """

    weights: tuple[Floats, Floats] | None
    reason: str = ""


def split_head(model: Any) -> tuple[Any, Head]:
    """Divides a flat functional model in front of its last Dense layer.

    Dropout in front of the head is left out, and a GlobalAveragePooling2D too, since
    every head here begins with one.

    Returns:
        A model that hands on a feature map, shape `(batch, rows, columns, features)`,
        and the head.

    Raises:
        ValueError: it does not end in a Dense layer with one output a class.
    """
    import keras

    layer, answer = _source(model.outputs[0]), ""
    while type(layer).__name__ in ("Activation", "Softmax", "Dropout"):
        if type(layer).__name__ != "Dropout":
            answer = answer or _activation(layer)
        layer = _source(_input(layer))
    if type(layer).__name__ != "Dense" or len(layer.output.shape) != 2:
        raise ValueError(f"it ends in a layer of the kind {type(layer).__name__}")
    features = _input(layer)
    while type(_source(features)).__name__ == "Dropout":
        features = _input(_source(features))
    pool = _source(features)
    if type(pool).__name__ == "GlobalAveragePooling2D":
        features = _input(pool)
    else:
        shape = (1, 1, int(features.shape[-1]))
        features = keras.layers.Reshape(shape, name="features")(features)
    base = keras.Model(model.inputs[0], features)
    return base, _head(layer, answer or _activation(layer))


def _head(layer: Any, answer: str) -> Head:
    kernel = np.asarray(layer.kernel, np.float32)
    bias = np.zeros(kernel.shape[1], np.float32)
    if layer.use_bias:
        bias = np.asarray(layer.bias, np.float32)
    if kernel.shape[1] == 1 and answer in ("sigmoid", *_ANSWERS):
        # softmax of (0, z) is (1 - sigmoid(z), sigmoid(z))
        kernel = np.concatenate([np.zeros_like(kernel), kernel], axis=1)
        return Head((kernel, np.concatenate([np.zeros_like(bias), bias])))
    if answer in _ANSWERS:
        return Head((kernel, bias))
    return Head(None, f"it answers by {answer}, which does not choose one class")


def _source(tensor: Any) -> Any:
    return tensor._keras_history.operation


def _input(layer: Any) -> Any:
    """What a layer is called on.

    Raises:
        ValueError: it is called several times, or on several things.
    """
    nodes = layer._inbound_nodes
    if len(nodes) != 1 or len(nodes[0].input_tensors) != 1:
        raise ValueError("the layers before its answer are used several times")
    return nodes[0].input_tensors[0]


def _activation(layer: Any) -> str:
    if type(layer).__name__ == "Softmax":
        return "softmax"
    return str(getattr(layer.activation, "__name__", "linear"))
