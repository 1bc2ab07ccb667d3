"""Every backbone of `keras.applications`: built without weights, cut at every block."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tlgui.core.applications import APPLICATIONS, Scaling
from tlgui.ml import models
from tlgui.ml.applications import build_original, copy_application, take_weights_of
from tlgui.ml.backbones import block_of
from tlgui.ml.flat_copy import INPUT, FlatCopy

pytestmark = [pytest.mark.tf, pytest.mark.slow]
MODES = {
    Scaling.SYMMETRIC: "tf",
    Scaling.STANDARD: "torch",
    Scaling.BLUE_FIRST: "caffe",
}
SIDES = {"inception-v3": 96, "nasnet-mobile": 96}


@pytest.fixture(scope="module", params=APPLICATIONS)
def walked(request: pytest.FixtureRequest) -> tuple[str, Any, FlatCopy]:
    """Small pictures do: the layers are the same."""
    name = request.param
    original = build_original(name, SIDES.get(name, 64))
    _stir(original)
    copy = copy_application(name, original)
    take_weights_of(name, copy)
    return name, original, copy


def _stir(keras_model: Any) -> None:
    """Gives every number a value of its own, as training does."""
    random = np.random.default_rng(0)
    for layer in keras_model.layers:
        for weight in layer.weights:
            old = weight.numpy()
            if old.min() == old.max():
                weight.assign(old + random.uniform(0.01, 0.1, old.shape))


def photos(original: Any, count: int = 2) -> np.ndarray[Any, np.dtype[np.float32]]:
    shape = (count, *original.input_shape[1:])
    return np.random.default_rng(1).integers(0, 256, shape).astype(np.float32)


def assert_close(found: Any, expected: Any) -> None:
    scale = float(np.abs(expected).max())
    assert scale > 0
    assert float(np.abs(found - expected).max()) / scale < 1e-5


def test_it_gives_what_keras_own_gives(walked: tuple[str, Any, FlatCopy]) -> None:
    import keras

    name, original, copy = walked
    pixels = seen = photos(original)
    scaling = APPLICATIONS[name].scaling
    if scaling in MODES:
        utils = keras.applications.imagenet_utils
        seen = utils.preprocess_input(pixels.copy(), mode=MODES[scaling])
    expected = original(seen, training=False).numpy()
    assert_close(copy.keras_model(pixels, training=False).numpy(), expected)
    assert copy.keras_model.count_params() == original.count_params()


def test_blocks_cover_every_layer_once(walked: tuple[str, Any, FlatCopy]) -> None:
    _, _, copy = walked
    order = [block_of(layer.name) for layer in copy.keras_model.layers]
    assert set(order) == {INPUT, *copy.blocks}
    begun = list(dict.fromkeys(block for block in order if block != INPUT))
    assert tuple(begun) == copy.blocks
    names = [layer.name for layer in copy.keras_model.layers]
    assert len(set(names)) == len(names)
    with_weights = [layer for layer in copy.keras_model.layers if layer.weights]
    assert len(with_weights) == len(copy.pairs)
    assert not any(
        layer.weights for layer in copy.keras_model.layers if layer.name == INPUT
    )
    assert 2 <= len(copy.blocks) <= 45


def test_it_can_be_cut_behind_every_block(walked: tuple[str, Any, FlatCopy]) -> None:
    import keras

    _, original, copy = walked
    whole = copy.keras_model
    pixels = photos(original)
    tensors = [
        [la for la in whole.layers if block_of(la.name) == block][-1].output
        for block in copy.blocks
    ]
    *found, expected = keras.Model(whole.input, tensors)(pixels, training=False)
    assert tensors[-1] is whole.output
    for tensor, activations in zip(tensors, found, strict=False):
        suffix = keras.Model(tensor, whole.output)
        assert_close(suffix(activations, training=False).numpy(), expected.numpy())


def test_every_block_can_be_frozen_alone(walked: tuple[str, Any, FlatCopy]) -> None:
    _, _, copy = walked
    for block in copy.blocks:
        models.set_trainable(copy.keras_model, [block])
        owners = {
            block_of(layer.name)
            for layer in copy.keras_model.layers
            if layer.trainable_weights
        }
        assert owners <= {block}


def test_it_is_saved_and_loaded(
    walked: tuple[str, Any, FlatCopy], tmp_path: Path
) -> None:
    import keras

    _, original, copy = walked
    file = tmp_path / "model.keras"
    copy.keras_model.save(file)
    loaded = keras.models.load_model(file, compile=False)
    pixels = photos(original, 1)
    expected = copy.keras_model(pixels, training=False).numpy()
    assert_close(loaded(pixels, training=False).numpy(), expected)


def test_names_do_not_depend_on_what_was_built_before() -> None:
    name = "mobilenet-v3-small"
    found = [
        [
            la.name
            for la in copy_application(
                name, build_original(name, 64)
            ).keras_model.layers
        ]
        for _ in range(2)
    ]
    assert found[0] == found[1]
