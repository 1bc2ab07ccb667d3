"""A whole model as Teachable Machine exports it: Keras 2, models inside models."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tlgui.ml.foreign.gate import open_foreign
from tlgui.ml.foreign.matching import assign_matched, match_weights
from tlgui.ml.foreign.rebuild import rebuild

pytestmark = pytest.mark.tf
SIZE, CHANNELS = 16, 8
Array = np.ndarray[Any, np.dtype[Any]]


def entry(kind: str, name: str, *inputs: str, **config: Any) -> dict[str, Any]:
    """A layer of a Functional model, as Keras 2 describes it."""
    settings = {"name": name, "trainable": False, "dtype": "float32", **config}
    nodes = [[[source, 0, 0, {}] for source in inputs]] if inputs else []
    return {
        "class_name": kind,
        "config": settings,
        "name": name,
        "inbound_nodes": nodes,
    }


def initializer(name: str) -> dict[str, Any]:
    return {"class_name": name, "config": {"seed": None}}


def convolution(kind: str, name: str, source: str, **config: Any) -> dict[str, Any]:
    settings = {
        "kernel_size": [3, 3],
        "strides": [1, 1],
        "padding": "same",
        "data_format": "channels_last",
        "dilation_rate": [1, 1],
        "activation": "linear",
        "use_bias": False,
        "kernel_initializer": initializer("VarianceScaling"),
        "bias_regularizer": None,
        **config,
    }
    return entry(kind, name, source, **settings)


def norm(name: str, source: str) -> dict[str, Any]:
    return entry(
        "BatchNormalization",
        name,
        source,
        axis=[3],
        momentum=0.99,
        epsilon=0.001,
        center=True,
        scale=True,
        gamma_initializer=initializer("Ones"),
    )


def mobilenet() -> dict[str, Any]:
    """The first layers of MobileNet, with the `groups` that Keras 3 stumbles over."""
    layers = [
        entry(
            "InputLayer",
            "input_1",
            batch_input_shape=[None, SIZE, SIZE, 3],
            sparse=False,
            ragged=False,
        ),
        convolution("Conv2D", "Conv1", "input_1", filters=CHANNELS, groups=1),
        norm("bn_Conv1", "Conv1"),
        entry(
            "ReLU",
            "Conv1_relu",
            "bn_Conv1",
            max_value=6.0,
            negative_slope=0.0,
            threshold=0.0,
        ),
        convolution(
            "DepthwiseConv2D", "depthwise", "Conv1_relu", depth_multiplier=1, groups=1
        ),
        norm("depthwise_BN", "depthwise"),
        entry("Add", "block_add", "depthwise_BN", "Conv1_relu"),
    ]
    config = {
        "name": "mobilenetv2",
        "layers": layers,
        "input_layers": [["input_1", 0, 0]],
        "output_layers": [["block_add", 0, 0]],
    }
    return {"class_name": "Functional", "config": config}


def dense(name: str, units: int, activation: str, use_bias: bool) -> dict[str, Any]:
    config = {
        "name": name,
        "units": units,
        "activation": activation,
        "use_bias": use_bias,
        "kernel_initializer": initializer("VarianceScaling"),
    }
    return {"class_name": "Dense", "config": config}


def sequential(name: str, *layers: Mapping[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": name, "layers": [*layers]}}


def exported() -> dict[str, Any]:
    pool = {
        "class_name": "GlobalAveragePooling2D",
        "config": {"name": "pool", "data_format": "channels_last"},
    }
    first = dense("dense_Dense1", 10, "relu", True)
    first["config"]["batch_input_shape"] = [None, CHANNELS]
    last = dense("dense_Dense2", 2, "softmax", False)
    return sequential(
        "sequential_4",
        sequential("sequential_1", mobilenet(), pool),
        sequential("sequential_3", first, last),
    )


def random_weights() -> dict[str, dict[str, Array]]:
    """By the two models inside, and the names that Keras 2 gives."""
    random = np.random.default_rng(0)

    def make(*shape: int) -> Array:
        return random.uniform(0.1, 1, shape).astype("float32")

    # Trainable weights come before the moving ones.
    return {
        "sequential_1": {
            "Conv1/kernel:0": make(3, 3, 3, CHANNELS),
            "bn_Conv1/gamma:0": make(CHANNELS),
            "bn_Conv1/beta:0": make(CHANNELS),
            "depthwise/depthwise_kernel:0": make(3, 3, CHANNELS, 1),
            "depthwise_BN/gamma:0": make(CHANNELS),
            "depthwise_BN/beta:0": make(CHANNELS),
            "bn_Conv1/moving_mean:0": make(CHANNELS),
            "bn_Conv1/moving_variance:0": make(CHANNELS),
            "depthwise_BN/moving_mean:0": make(CHANNELS),
            "depthwise_BN/moving_variance:0": make(CHANNELS),
        },
        "sequential_3": {
            "dense_Dense1/kernel:0": make(CHANNELS, 10),
            "dense_Dense1/bias:0": make(10),
            "dense_Dense2/kernel:0": make(10, 2),
        },
    }


def write_export(path: Path, weights: Mapping[str, Mapping[str, Array]]) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = np.bytes_(b"2.4.0")
        file.attrs["backend"] = np.bytes_(b"tensorflow")
        file.attrs["model_config"] = json.dumps(exported())
        groups = file.create_group("model_weights")
        groups.attrs["layer_names"] = [name.encode() for name in weights]
        for layer, arrays in weights.items():
            group = groups.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name in arrays]
            for name, array in arrays.items():
                group[name] = array
    return path


def expected(weights: Mapping[str, Mapping[str, Array]], photo: Array) -> Any:
    """The same by Keras, with the weights put in by hand."""
    import keras

    body, head = weights["sequential_1"], weights["sequential_3"]
    layers = keras.layers

    def norm_of(name: str) -> Any:
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        layer = layers.BatchNormalization(epsilon=0.001)
        layer.build((None, SIZE, SIZE, CHANNELS))
        layer.set_weights([body[f"{name}/{part}:0"] for part in parts])
        return layer

    def with_weights(layer: Any, shape: Sequence[int], *arrays: Array) -> Any:
        layer.build((None, *shape))
        layer.set_weights(list(arrays))
        return layer

    conv = layers.Conv2D(CHANNELS, 3, padding="same", use_bias=False)
    x = with_weights(conv, (SIZE, SIZE, 3), body["Conv1/kernel:0"])(photo)
    start = layers.ReLU(6.0)(norm_of("bn_Conv1")(x))
    depthwise = layers.DepthwiseConv2D(3, padding="same", use_bias=False)
    kernel = body["depthwise/depthwise_kernel:0"]
    x = with_weights(depthwise, (SIZE, SIZE, CHANNELS), kernel)(start)
    x = layers.GlobalAveragePooling2D()(norm_of("depthwise_BN")(x) + start)
    first = layers.Dense(10, "relu")
    parts = (head["dense_Dense1/kernel:0"], head["dense_Dense1/bias:0"])
    x = with_weights(first, (CHANNELS,), *parts)(x)
    last = layers.Dense(2, "softmax", use_bias=False)
    return with_weights(last, (10,), head["dense_Dense2/kernel:0"])(x)


def test_an_export_is_opened_built_and_answers_the_same(tmp_path: Path) -> None:
    weights = random_weights()
    foreign = open_foreign(write_export(tmp_path / "keras_model.h5", weights))
    model = rebuild(foreign)
    report = match_weights(foreign.layers, model)
    assert report.sentence() == "6 of 6 layers matched."
    assign_matched(report, model)
    photo = np.random.default_rng(1).uniform(-1, 1, (3, SIZE, SIZE, 3))
    np.testing.assert_allclose(model(photo), expected(weights, photo), atol=1e-6)


def test_weights_alone_of_keras_2(tmp_path: Path) -> None:
    """`save_weights("digits.h5")` of a small model of Flatten and Dense layers."""
    import keras

    kernel = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
    path = tmp_path / "digits.h5"
    with h5py.File(path, "w") as file:
        # Long lists of names are kept in pieces.
        file.attrs["layer_names0"] = [b"flatten"]
        file.attrs["layer_names1"] = [b"dense"]
        file.create_group("flatten").attrs["weight_names"] = np.array([], "S1")
        group = file.create_group("dense")
        group.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        group["dense/kernel:0"] = kernel
        group["dense/bias:0"] = np.zeros(3, "float32")
    foreign = open_foreign(path)
    assert foreign.config is None
    layers = [keras.layers.Flatten(), keras.layers.Dense(3, name="answer")]
    model = keras.Sequential([keras.Input((3, 4)), *layers])
    report = match_weights(foreign.layers, model)
    assert report.sentence() == "1 of 1 layers matched."
    assign_matched(report, model)
    np.testing.assert_array_equal(model.layers[1].weights[0].numpy(), kernel)


def test_the_result_is_flat_and_can_be_saved_by_keras(tmp_path: Path) -> None:
    import keras

    foreign = open_foreign(write_export(tmp_path / "keras_model.h5", random_weights()))
    model = rebuild(foreign)
    assert not [layer for layer in model.layers if isinstance(layer, keras.Model)]
    model.save(tmp_path / "again.keras")
    again = keras.saving.load_model(tmp_path / "again.keras")
    assert again.count_params() == model.count_params()
