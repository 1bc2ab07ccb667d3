"""Presets of keras-hub: the same features, and nothing of others runs."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tests.conftest import save_picture
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.run import open_finished_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import WEIGHTS, open_starting_point
from tlgui.ml.backbones import build_backbone
from tlgui.ml.foreign.refusal import Refusal
from tlgui.ml.hub_presets import preset_folder
from tlgui.ml.hub_settings import backbone_settings, scaling_in
from tlgui.ml.importing import import_model
from tlgui.ml.start_file import read_start_file
from tlgui.ml.training import train

pytestmark = pytest.mark.tf
needs_hub = pytest.mark.skipif(
    importlib.util.find_spec("keras_hub") is None,
    reason="keras-hub is not installed (pip install keras-hub)",
)
SIDE = 32
SCALE, OFFSET = [0.017, 0.018, 0.0175], [-2.1, -2.0, -1.8]
RESNET = {
    "input_conv_filters": [64],
    "input_conv_kernel_sizes": [7],
    "stackwise_num_filters": [64, 64],
    "stackwise_num_blocks": [1, 1],
    "stackwise_num_strides": [1, 2],
    "block_type": "basic_block",
    "use_pre_activation": True,
}
MOBILENET = {
    "stackwise_expansion": [[40], [64]],
    "stackwise_num_blocks": [1, 1],
    "stackwise_num_filters": [[16], [24]],
    "stackwise_kernel_size": [[3], [5]],
    "stackwise_num_strides": [[2], [1]],
    "stackwise_se_ratio": [[None], [0.25]],
    "stackwise_activation": [["relu"], ["hard_swish"]],
    "stackwise_padding": [[1], [2]],
    "output_num_filters": 64,
    "depthwise_filters": 8,
    "depthwise_stride": 2,
    "depthwise_residual": False,
    "squeeze_and_excite": 0.5,
    "last_layer_filter": 48,
}
EFFICIENTNET = {
    "stackwise_kernel_sizes": [3, 3],
    "stackwise_num_repeats": [1, 1],
    "stackwise_input_filters": [8, 8],
    "stackwise_output_filters": [8, 16],
    "stackwise_expansion_ratios": [1, 4],
    "stackwise_squeeze_and_excite_ratios": [0.25, 0.25],
    "stackwise_strides": [1, 2],
    "stackwise_block_types": ["fused", "unfused"],
    "stackwise_width_coefficients": [1.0, 1.0],
    "stackwise_depth_coefficients": [1.0, 1.0],
    "stackwise_force_input_filters": [0, 0],
    "stackwise_nores_option": [False, False],
}
DENSENET = {"stackwise_num_repeats": [1, 1], "compression_ratio": 0.5, "growth_rate": 4}
VGG = {"stackwise_num_repeats": [1, 1], "stackwise_num_filters": [4, 8]}
XCEPTION = {
    "stackwise_conv_filters": [[8, 8], [16, 16]],
    "stackwise_pooling": [True, False],
}


def described(name: str, settings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What keras-hub writes of one of its objects."""
    values = {
        "module": f"keras_hub.src.models.{name.lower()}",
        "class_name": name,
        "config": settings,
        "registered_name": f"keras_hub>{name}",
    }
    return values | changes


def write_json(file: Path, value: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value), encoding="utf-8")


def a_folder(folder: Path, config: Any, converter: Any = None) -> Path:
    """A preset as far as it is looked at before keras-hub is asked."""
    write_json(folder / "config.json", config)
    if converter is not None:
        write_json(folder / "image_converter.json", converter)
    with h5py.File(folder / "model.weights.h5", "w") as file:
        file.create_dataset("layers/conv2d/vars/0", data=np.zeros(3, np.float32))
    return folder


def converter(**settings: Any) -> dict[str, Any]:
    return described("ImageConverter", {"image_size": [SIDE, SIDE], **settings})


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str, dict[str, Any]], tuple[Any, Path]]:
    """Builds a tiny backbone with random weights, and saves it as a preset."""

    def made(name: str, settings: dict[str, Any]) -> tuple[Any, Path]:
        import keras_hub

        backbone = getattr(keras_hub.models, name)(**settings)
        random = np.random.default_rng(0)
        for weight in backbone.weights:
            numbers = random.normal(0.1, 0.2, weight.shape)
            weight.assign(np.abs(numbers) if numbers.ndim == 1 else numbers)
        folder = tmp_path / name
        folder.mkdir()
        backbone.save_to_preset(str(folder))
        kind = getattr(keras_hub.layers, name.replace("Backbone", "ImageConverter"))
        scaling = kind(image_size=(SIDE, SIDE), scale=SCALE, offset=OFFSET)
        scaling.save_to_preset(str(folder))
        return backbone, folder

    return made


@needs_hub
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("ResNetBackbone", RESNET),
        ("MobileNetBackbone", MOBILENET),
        ("EfficientNetBackbone", EFFICIENTNET),
        ("DenseNetBackbone", DENSENET),
        ("VGGBackbone", VGG),
        ("XceptionBackbone", XCEPTION),
    ],
)
def test_the_features_are_those_of_keras_hub(
    make: Callable[[str, dict[str, Any]], tuple[Any, Path]],
    name: str,
    settings: dict[str, Any],
) -> None:
    original, folder = make(name, settings)
    point = open_starting_point(Path(import_model(folder).folder))
    start = read_start_file(point.folder / WEIGHTS)
    ours = build_backbone(start.backbone_in(point.folder / WEIGHTS))
    shape = (2, SIDE, SIDE, 3)
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.float32)
    scaled = pixels * np.asarray(SCALE, np.float32) + np.asarray(OFFSET, np.float32)
    expected = np.asarray(original(scaled, training=False))
    found = np.asarray(ours(pixels, training=False))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-4)
    assert len(find_backbone(point.backbone).blocks) > 1
    assert point.class_names == ()
    assert point.title == name


@needs_hub
def test_a_preset_is_fine_tuned_without_keras_hub(
    make: Callable[[str, dict[str, Any]], tuple[Any, Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, folder = make("VGGBackbone", VGG)
    point = open_starting_point(Path(import_model(folder / "model.weights.h5").folder))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for number in range(8):
        for name, colour in (("red", (200, 20, 20)), ("blue", (20, 20, 200))):
            save_picture(tmp_path / f"data/{name}/{number}.png", colour)
    spec = TrainingSpec(
        str(tmp_path / "data"),
        backbone=point.backbone,
        start=str(point.folder),
        trainable=("block2",),
        strategy="direct",
        epochs=1,
        augmentation="none",
    )
    train(spec, tmp_path / "run", lambda event: None)
    assert open_finished_run(tmp_path / "run").model_file.is_file()


@needs_hub
def test_a_preset_that_asks_for_more_than_it_has(tmp_path: Path) -> None:
    """No memory is set aside for it."""
    large = {"stackwise_num_repeats": [1, 1], "stackwise_num_filters": [60_000] * 2}
    folder = a_folder(tmp_path, described("VGGBackbone", large), converter())
    with pytest.raises(TlguiError, match="but its weights have only 3"):
        import_model(folder)


@needs_hub
def test_settings_that_keras_hub_does_not_take(tmp_path: Path) -> None:
    config = described("VGGBackbone", {"filters": 3})
    with pytest.raises(TlguiError, match="does not take its settings"):
        import_model(a_folder(tmp_path, config, converter()))


@needs_hub
def test_it_can_be_stopped(
    make: Callable[[str, dict[str, Any]], tuple[Any, Path]],
) -> None:
    _, folder = make("VGGBackbone", VGG)
    asked = iter([False, True])
    with pytest.raises(Stopped):
        import_model(folder, should_stop=lambda: next(asked))


def test_without_keras_hub_a_sentence_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    folder = a_folder(tmp_path, described("VGGBackbone", VGG), converter())
    for file in (folder, folder / "model.weights.h5"):
        with pytest.raises(TlguiError, match="pip install keras-hub"):
            import_model(file)


def test_what_a_preset_is(tmp_path: Path) -> None:
    ours = a_folder(tmp_path / "hub", described("VGGBackbone", VGG))
    assert preset_folder(ours) == ours
    assert preset_folder(ours / "model.weights.h5") == ours
    assert preset_folder(ours / "config.json") is None
    unpacked = a_folder(tmp_path / "keras", {"class_name": "Sequential"})
    assert preset_folder(unpacked) is None
    assert preset_folder(unpacked / "model.weights.h5") is None
    (unpacked / "config.json").write_bytes(b"[" * 100_000)
    assert preset_folder(unpacked) is None


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ([], "not that of a preset"),
        (described("ViTBackbone", {}), "cannot be laid flat here"),
        (described("GemmaCausalLM", {}), "cannot be laid flat here"),
        (described("VGGBackbone", {}, module="os"), "no class of keras-hub"),
        (described("VGGBackbone", {}, registered_name="x>y"), "no class of keras-hub"),
        (described("__import__", {}, registered_name="keras_hub>VGG"), "no class of"),
        (described("VGGBackbone", {"a": {"class_name": "Lambda"}}), "is strange"),
        (described("VGGBackbone", {"a": [10**9]}), "is strange"),
        (described("VGGBackbone", {"a": "x" * 99}), "is strange"),
        (described("VGGBackbone", {"a": [[[[1]]]]}), "is strange"),
        (described("VGGBackbone", {"a": [1] * 99}), "is strange"),
        (described("VGGBackbone", {"data_format": "channels_first"}), "channels first"),
        (described("VGGBackbone", {"image_shape": [8, 8, 1]}), "red, green and blue"),
    ],
)
def test_only_known_classes_with_plain_settings(config: Any, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        backbone_settings(config)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "image_converter.json is missing"),
        (described("Tokenizer", {}), "none for photos"),
        (converter(image_size=[8, 9]), "8 x 9"),
        (converter(image_size=9_999), "9999 x 9999"),
        (converter(scale="1"), "is strange"),
        (converter(scale=[1, 2]), "is strange"),
        (converter(offset=[{}, 1, 2]), "is strange"),
    ],
)
def test_how_photos_are_scaled_must_be_said(value: Any, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        scaling_in(value, {})
    assert reason in caught.value.reason


def test_the_ways_to_say_how_photos_are_scaled() -> None:
    three = scaling_in(converter(scale=SCALE, offset=OFFSET), {})
    assert (three.size, three.factor, three.shift) == (SIDE, (*SCALE,), (*OFFSET,))
    one = scaling_in(converter(scale=0.5), {})
    assert (one.factor, one.shift) == ((0.5, 0.5, 0.5), (0.0, 0.0, 0.0))
    inside = described("Preprocessor", {"image_converter": converter()})
    assert scaling_in(inside, {}).factor == (1.0, 1.0, 1.0)
    sized = described("ImageConverter", {"image_size": None})
    assert scaling_in(sized, {"image_shape": [64, 64, 3]}).size == 64
