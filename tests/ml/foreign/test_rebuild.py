"""Architectures that ask for too much, or for something else, are not built."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ml.foreign.hostile import layer, members, sequential, weights, write_zip
from tlgui.ml.foreign.gate import ForeignModel, open_foreign
from tlgui.ml.foreign.matching import assign_matched, match_weights
from tlgui.ml.foreign.rebuild import rebuild
from tlgui.ml.foreign.refusal import RefusedFileError
from tlgui.ml.foreign.saved_layers import SavedLayer

pytestmark = pytest.mark.tf
Config = dict[str, Any]


def opened(config: Config, numbers: int = 1000) -> ForeignModel:
    """A foreign model with this description and so many numbers."""
    array = np.zeros(numbers, "float32")
    return ForeignModel(
        Path("stranger.keras"), config, (SavedLayer("x", "x", (array,)),)
    )


def input_layer(*shape: int | None) -> Config:
    return layer("InputLayer", batch_shape=[None, *shape], name="photo")


def stack(*layers: Config) -> Config:
    config = {"name": "stranger", "layers": [*layers]}
    return {"module": "keras", "class_name": "Sequential", "config": config}


def dense(units: Any, **config: Any) -> Config:
    return layer("Dense", units=units, name="dense", **config)


def tensor(name: str, index: int = 0) -> Config:
    history = {"keras_history": [name, index, 0], "shape": [None, 4]}
    return {"class_name": "__keras_tensor__", "config": history}


def called(config: Config, *nodes: Any) -> Config:
    return {
        **config,
        "name": config["config"]["name"],
        "inbound_nodes": [{"args": list(node), "kwargs": {}} for node in nodes],
    }


def functional(
    *layers: Config, inputs: Any = ("photo", 0, 0), outputs: Any = ("dense", 0, 0)
) -> Config:
    first = {**input_layer(4), "name": "photo", "inbound_nodes": []}
    config = {
        "name": "stranger",
        "layers": [first, *layers],
        "input_layers": [list(inputs)],
        "output_layers": [list(outputs)],
    }
    return {"class_name": "Functional", "config": config}


def nested(levels: int) -> Config:
    model = stack(input_layer(4), dense(2))
    for _ in range(levels):
        model = stack(model)
    return model


def multiplied(levels: int) -> Config:
    """Each model calls the one inside four times."""
    model = functional(called(layer("ReLU", name="dense"), [tensor("photo")]))
    for _ in range(levels):
        model["config"]["name"] = "dense"
        nodes = [[tensor("photo")], *[[tensor("dense", i)] for i in range(3)]]
        model = functional(called(model, *nodes), outputs=("dense", 3, 0))
    return model


CONV = {"filters": 8, "kernel_size": [3, 3], "name": "conv"}
REFUSED: Mapping[str, tuple[Config, str]] = {
    "too many weights": (stack(input_layer(4), dense(60_000)), "more weights than"),
    "too many weights in a row": (
        stack(input_layer(4), *[dense(30) for _ in range(3)]),
        "more weights than",
    ),
    "a huge layer": (stack(input_layer(4), dense(10**12)), "units"),
    "a layer of text": (stack(input_layer(4), dense("2")), "units"),
    "a layer of truth": (stack(input_layer(4), dense(True)), "units"),
    "a negative layer": (stack(input_layer(4), dense(-5)), "units"),
    "a huge photo": (
        stack(input_layer(60_000, 60_000, 3), layer("Conv2D", **CONV)),
        "too many numbers of one photo",
    ),
    "growing photos": (
        stack(
            input_layer(64, 64, 3),
            layer("UpSampling2D", size=[60_000, 60_000], name="up"),
        ),
        "too many numbers of one photo",
    ),
    "a photo of any size": (
        stack(input_layer(None, None, 3), layer("Conv2D", **CONV)),
        "any size",
    ),
    "no size": (stack(dense(2)), "what size of picture"),
    "a strange setting": (stack(input_layer(4), dense(2, lora_rank=3)), "lora_rank"),
    "a strange activation": (
        stack(input_layer(4), dense(2, activation="evil")),
        "activation",
    ),
    "another layout": (
        stack(
            input_layer(8, 8, 3),
            layer("Conv2D", **CONV, data_format="channels_first"),
        ),
        "channels_last",
    ),
    "groups of a depthwise layer": (
        stack(
            input_layer(8, 8, 3),
            layer("DepthwiseConv2D", kernel_size=3, groups=2, name="conv"),
        ),
        "groups",
    ),
    "no number": (
        stack(input_layer(4), layer("Rescaling", scale=1e300, name="scale")),
        "scale",
    ),
    "shapes that do not fit": (
        stack(input_layer(4), layer("Conv2D", **CONV)),
        "do not fit together",
    ),
    "nested too deep": (nested(12), "nested too deep"),
    "models that call each other too often": (multiplied(7), "more often than"),
    "an initializer as a layer": (
        stack(input_layer(4), layer("Zeros", "keras.initializers", name="zeros")),
        "cannot be built here",
    ),
    "a mean for every pixel": (
        stack(input_layer(8, 8, 3), layer("Normalization", axis=[1, 2], name="n")),
        "setting .axis.",
    ),
    "several inputs": (
        functional(called(dense(2), [tensor("photo")]), inputs=(["a", 0, 0], ["b", 0])),
        "several inputs",
    ),
    "a loop": (
        functional(called(dense(2), [tensor("dense")])),
        "not connected",
    ),
    "a missing source": (
        functional(called(dense(2), [tensor("nothing")])),
        "not connected",
    ),
    "two inputs for one": (
        functional(called(dense(2), [tensor("photo"), tensor("photo")])),
        "several inputs instead of one",
    ),
    "a number as input": (functional(called(dense(2), [2.0])), "number"),
    "no connections": (functional(dense(2)), "damaged"),
    "too many calls": (
        functional(called(dense(2), *[[tensor("photo")]] * 6000)),
        "more than any model",
    ),
    "too many layers": (
        stack(input_layer(4), *[layer("ReLU", name="x")] * 3000),
        "more than any model",
    ),
    "a list for settings": (
        {"class_name": "Sequential", "config": {"name": "x", "layers": [[]]}},
        "damaged",
    ),
    "no name": (
        {"class_name": "Sequential", "config": {"name": 3, "layers": []}},
        "damaged",
    ),
}


@pytest.mark.parametrize(("config", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_built(config: Config, reason: str) -> None:
    with pytest.raises(RefusedFileError, match=reason):
        rebuild(opened(config))


def test_layers_that_are_shared_stay_shared() -> None:
    twice = called(dense(4), [tensor("photo")], [tensor("dense", 0)])
    model = rebuild(opened(functional(twice, outputs=("dense", 1, 0))))
    assert model.count_params() == 4 * 4 + 4


@pytest.mark.parametrize("first", [0, 1])
def test_keras_2_counts_the_calls_of_a_model_inside_from_one(first: int) -> None:
    inner = {**functional(called(dense(4), [tensor("photo")])), "name": "inner"}
    inner["config"]["name"] = "inner"
    inner["inbound_nodes"] = [[["photo", 0, 0, {}]], [["inner", first, 0, {}]]]
    last = {**dense(2), "name": "last"}
    last["config"]["name"] = "last"
    last["inbound_nodes"] = [[["inner", first + 1, 0, {"training": False}]]]
    model = rebuild(opened(functional(inner, last, outputs=("last", 0, 0))))
    kernels = [weight for weight in model.weights if len(weight.shape) == 2]
    kernels[0].assign(np.full((4, 4), 0.5))
    kernels[1].assign(np.ones((4, 2)))
    # Called twice: ones become twos become fours, and four of these are summed.
    np.testing.assert_array_equal(model(np.ones((1, 4))), [[16, 16]])


def test_the_seed_documents_own_case(tmp_path: Path) -> None:
    """Flatten and Dense layers on digits."""
    config = stack(
        input_layer(28, 28),
        layer("Flatten", name="flatten"),
        layer("Dense", units=5, activation="relu", name="hidden"),
        layer("Dropout", rate=0.2, name="dropout"),
        layer("Dense", units=10, activation="softmax", name="digits"),
    )
    random = np.random.default_rng(0)
    arrays = [
        random.normal(size=s).astype("float32")
        for s in ((784, 5), (5,), (5, 10), (10,))
    ]

    def fill(file: Any) -> None:
        for name, pair in (("dense", arrays[:2]), ("dense_1", arrays[2:])):
            for index, array in enumerate(pair):
                file[f"layers/{name}/vars/{index}"] = array

    path = write_zip(tmp_path / "digits.keras", members(config, weights(fill)))
    foreign = open_foreign(path)
    model = rebuild(foreign)
    report = match_weights(foreign.layers, model)
    assert report.sentence() == "2 of 2 layers matched."
    assign_matched(report, model)
    digit = random.uniform(size=(2, 28, 28)).astype("float32")
    hidden = np.maximum(digit.reshape(2, 784) @ arrays[0] + arrays[1], 0)
    scores = np.exp(hidden @ arrays[2] + arrays[3])
    np.testing.assert_allclose(
        model(digit), scores / scores.sum(axis=1, keepdims=True), rtol=1e-4
    )


def test_random_augmentation_is_left_out() -> None:
    flip = layer("RandomFlip", mode="horizontal", seed=3, name="flip")
    model = rebuild(opened(stack(input_layer(4), flip, dense(2))))
    assert [type(one).__name__ for one in model.layers] == ["InputLayer", "Dense"]


def test_the_honest_model_of_the_attacks_is_built() -> None:
    """What the hostile files are made from is itself all right."""
    assert rebuild(opened(sequential())).output_shape == (None, 2)
