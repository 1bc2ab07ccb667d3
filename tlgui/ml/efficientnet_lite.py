"""EfficientNet-Lite0, Lite1 and Lite2 as flat Keras models, layer by layer.

The architecture is EfficientNet's (https://arxiv.org/abs/1905.11946: inverted
residual blocks, "MBConv", of https://arxiv.org/abs/1801.04381, scaled in width and
depth) with the changes that make the Lite models, as told and coded in
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite:
no squeeze-and-excitation, ReLU6 instead of swish, and a stem and a head that are
not scaled (the first and the last stage keep one block each). The input is
`(x - 127) / 128` of 0..255. Padding is TensorFlow's own `same`, which at stride 2
puts the odd row and column below and to the right.

*Drop connect* (https://arxiv.org/abs/1603.09382) is left out: it has no weights
and does nothing when predicting, it was there for hundreds of epochs from random
weights, and with it a frozen block would hand on something else each time, so that
its features could not be computed once and kept.

A layer is called `<block>_<role>`; blocks come in the order `stem`, `block1a`,
`block2a`, `block2b`, …, `block7a`, `top`. Preprocessing belongs to the block `input`.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

FEATURES = 1280
IMAGENET_CLASSES = 1000


class _Block(NamedTuple):
    """One MBConv block."""

    name: str
    kernel: int
    stride: int
    expand: int
    filters: int


_STEM_FILTERS = 32
# Table 1 of the paper: blocks, kernel, stride of the first block, expansion, filters.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# Factors of width and depth: efficientnet_lite_builder.py in the repository above.
_SCALES = {
    "efficientnet-lite0": (1.0, 1.0),
    "efficientnet-lite1": (1.0, 1.1),
    "efficientnet-lite2": (1.1, 1.2),
}


def block_names(name: str) -> tuple[str, ...]:
    """The blocks' names from `stem` to `top`, without building the model."""
    return ("stem", *(block.name for block in _blocks(name)), "top")


def build_features(name: str, input_size: int) -> Any:
    """Builds the model up to its last feature map, with random weights.

    Args:
        name: `efficientnet-lite0`, `efficientnet-lite1` or `efficientnet-lite2`.
        input_size: side of the square it sees, in pixels.

    Returns:
        A functional `keras.Model` from RGB values 0..255, any number type, shape
        `(batch, input_size, input_size, 3)`, to a feature map of float32, shape
        `(batch, ceil(input_size / 32), ceil(input_size / 32), 1280)`.
    """
    import keras

    inputs = keras.Input((input_size, input_size, 3), name="input_image")
    x = keras.layers.Rescaling(1 / 128, -127 / 128, name="input_rescaling")(inputs)
    x = _convolution(x, "stem_conv", _STEM_FILTERS, kernel=3, stride=2)
    x = _norm(x, "stem_bn", activation="stem_activation")
    for block in _blocks(name):
        x = _mbconv(x, block)
    x = _convolution(x, "top_conv", FEATURES)
    x = _norm(x, "top_bn", activation="top_activation")
    return keras.Model(inputs, x, name=name)


def build_classifier(name: str, input_size: int) -> Any:
    """Builds the model with the head it was trained with, to 1000 logits.

    The reference's dropout before the last layer is left out: it does nothing when
    predicting, and this model is there to be compared with the reference.

    Args:
        name: as in `build_features`.
        input_size: as in `build_features`.

    Returns:
        A functional `keras.Model` to logits of float32, shape `(batch, 1000)`. Its
        layer `classifier_pool` yields the pooled features, shape `(batch, 1280)`.
    """
    import keras

    features = build_features(name, input_size)
    x = keras.layers.GlobalAveragePooling2D(name="classifier_pool")(features.output)
    x = keras.layers.Dense(IMAGENET_CLASSES, name="classifier_logits")(x)
    return keras.Model(features.input, x, name=name)


def assign_torch_weights(model: Any, tensors: Mapping[str, Array]) -> None:
    """Puts the reference's PyTorch tensors into a model built here.

    Args:
        model: from `build_features` or `build_classifier`.
        tensors: the tensors of the reference's `state_dict`, by name. Names as in
            https://github.com/ml-illustrated/EfficientNet-Lite-PyTorch.

    Raises:
        ValueError: a tensor is missing, has another shape than the model's, or is
            left over. The classifier's tensors (`_fc.*`) may be left over, and so
            may PyTorch's counters (`*.num_batches_tracked`).
    """
    unused = {name for name in tensors if not name.endswith(".num_batches_tracked")}
    for layer, variable, name in _torch_names(model):
        if name not in tensors:
            raise ValueError(f"the tensor {name} is missing")
        variable.assign(_to_keras(layer, variable, name, tensors[name]))
        unused.discard(name)
    unused -= {"_fc.weight", "_fc.bias"}
    if unused:
        raise ValueError(f"nothing takes the tensors {', '.join(sorted(unused))}")


# -- layers --------------------------------------------------------------------


def _mbconv(inputs: Any, block: _Block) -> Any:
    """Widens, filters each channel by itself, and narrows; adds the input if it fits.

    Args:
        inputs: shape `(batch, size, size, channels)`.
        block: its numbers.

    Returns:
        Shape `(batch, ceil(size / stride), ceil(size / stride), filters)`.
    """
    import keras

    name, channels = block.name, inputs.shape[-1]
    x = inputs
    if block.expand != 1:
        x = _convolution(x, f"{name}_expand_conv", channels * block.expand)
        x = _norm(x, f"{name}_expand_bn", activation=f"{name}_expand_activation")
    x = keras.layers.DepthwiseConv2D(
        block.kernel,
        block.stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=_initializer(),
        name=f"{name}_dwconv",
    )(x)
    x = _norm(x, f"{name}_bn", activation=f"{name}_activation")
    x = _convolution(x, f"{name}_project_conv", block.filters)
    x = _norm(x, f"{name}_project_bn")
    if block.stride == 1 and channels == block.filters:
        x = keras.layers.Add(name=f"{name}_add")([x, inputs])
    return x


def _convolution(
    inputs: Any, name: str, filters: int, *, kernel: int = 1, stride: int = 1
) -> Any:
    import keras

    return keras.layers.Conv2D(
        filters,
        kernel,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer=_initializer(),
        name=name,
    )(inputs)


def _norm(inputs: Any, name: str, *, activation: str | None = None) -> Any:
    """Batch normalization, and ReLU6 behind it if the activation has a name."""
    import keras

    x = keras.layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=name)(inputs)
    return keras.layers.ReLU(6.0, name=activation)(x) if activation else x


def _initializer() -> Any:
    """Random weights as the reference draws them (https://arxiv.org/abs/1502.01852)."""
    import keras

    return keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")


def _blocks(name: str) -> Iterator[_Block]:
    """The MBConv blocks of one of the models, scaled, in order."""
    width, depth = _SCALES[name]
    for number, (count, kernel, stride, expand, filters) in enumerate(_STAGES, 1):
        repeats = math.ceil(count * depth) if 1 < number < len(_STAGES) else count
        for letter in "abcdefgh"[:repeats]:
            yield _Block(
                f"block{number}{letter}",
                kernel,
                stride if letter == "a" else 1,
                expand,
                _scaled_filters(filters, width),
            )


def _scaled_filters(filters: int, width: float) -> int:
    """Rounds to the nearest multiple of 8, but never down by more than a tenth."""
    scaled = filters * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * scaled else rounded + 8


# -- names and axes of the reference -------------------------------------------

_TORCH_LAYERS = {
    "stem_conv": "_conv_stem",
    "stem_bn": "_bn0",
    "expand_conv": "_expand_conv",
    "expand_bn": "_bn0",
    "dwconv": "_depthwise_conv",
    "bn": "_bn1",
    "project_conv": "_project_conv",
    "project_bn": "_bn2",
    "top_conv": "_conv_head",
    "top_bn": "_bn1",
    "classifier_logits": "_fc",
}
_TORCH_VARIABLES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
# Which axis of a PyTorch kernel becomes which of Keras': PyTorch has (out, in, rows,
# columns), Keras (rows, columns, in, out); a depthwise kernel has (channels, 1, rows,
# columns) and (rows, columns, channels, 1).
_KERNEL_AXES = {
    "Conv2D": (2, 3, 1, 0),
    "DepthwiseConv2D": (2, 3, 0, 1),
    "Dense": (1, 0),
}


def _torch_names(model: Any) -> Iterator[tuple[Any, Any, str]]:
    """Yields each layer, each of its variables, and the tensor it is made of."""
    names = [block.name for block in _blocks(model.name)]
    for layer in model.layers:
        block, _, role = layer.name.partition("_")
        prefix = f"_blocks.{names.index(block)}." if block in names else ""
        for variable in layer.weights:
            owner = _TORCH_LAYERS[role if prefix else layer.name]
            tensor = f"{prefix}{owner}.{_TORCH_VARIABLES[variable.name]}"
            yield layer, variable, tensor


def _to_keras(layer: Any, variable: Any, name: str, tensor: Array) -> Array:
    """Turns a tensor's axes round, and makes sure that it fits."""
    axes: tuple[int, ...] = (0,)
    if variable.name == "kernel":
        axes = _KERNEL_AXES[type(layer).__name__]
    expected = tuple(variable.shape[axes.index(axis)] for axis in range(len(axes)))
    if tensor.shape != expected:
        raise ValueError(
            f"the tensor {name} has the shape {tensor.shape} instead of {expected}"
        )
    return tensor.transpose(axes)
