"""A model file of others becomes something to start from, or is refused."""

import dataclasses
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tests.ml.foreign.architectures import build_application, build_ours
from tests.ml.test_applications import MODES
from tlgui import paths
from tlgui.core import storage
from tlgui.core.applications import APPLICATIONS
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.model_notes import ModelNotes
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import WEIGHTS, imported_models
from tlgui.ml import importing, model_template
from tlgui.ml.backbones import build_backbone
from tlgui.ml.foreign.gate import open_foreign
from tlgui.ml.foreign.saved_layers import SavedLayer
from tlgui.ml.importing import import_model
from tlgui.ml.start_file import read_start_file

pytestmark = pytest.mark.tf
LITE0 = find_backbone("efficientnet-lite0")


@pytest.fixture(scope="module")
def ours() -> Any:
    """A classifier of ours with other weights than the catalogue's."""
    return build_ours("efficientnet-lite0")


def save(model: Any, path: Path) -> Path:
    if path.name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)
    return path


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".h5"])
def test_what_keras_saves_of_our_architectures(
    tmp_path: Path, ours: Any, ending: str
) -> None:
    imported = import_model(save(ours, tmp_path / f"my model{ending}"))
    assert imported.sentence == (
        f"{imported.matched} of {imported.matched + 1} layers matched. New, to be "
        "trained on your photos: its head."
    )
    assert (
        imported.total
        == imported.matched + 1
        == len([layer for layer in ours.layers if layer.weights])
    )
    (point,), problems = imported_models()
    assert problems == ()
    assert (point.title, point.folder) == ("my model", Path(imported.folder))
    assert (point.backbone, point.report) == (LITE0.name, imported.sentence)
    kept = read_start_file(point.folder / WEIGHTS)
    assert kept.layers is not None
    assert kept.head is None
    for name, arrays in kept.layers.items():
        for one, other in zip(arrays, ours.get_layer(name).weights, strict=True):
            np.testing.assert_array_equal(one, other.numpy())


def test_weights_without_names(tmp_path: Path, ours: Any) -> None:
    """As earlier versions of Keras 3 wrote them."""
    file = save(ours, tmp_path / "x.weights.h5")
    with h5py.File(file, "r+") as opened:
        groups: list[h5py.Group] = []
        opened.visititems(
            lambda _, one: groups.append(one) if "name" in one.attrs else None
        )
        for group in groups:
            del group.attrs["name"]
    assert len(groups) > 100
    imported = import_model(file)
    kept = read_start_file(Path(imported.folder) / WEIGHTS).layers
    assert kept is not None
    for name, arrays in kept.items():
        for one, other in zip(arrays, ours.get_layer(name).weights, strict=True):
            np.testing.assert_array_equal(one, other.numpy())


def test_a_model_made_of_a_template(tmp_path: Path, converted_prefixes: Path) -> None:
    """What a run of the head alone leaves; its backbone is known to be ours."""
    template = model_template.find_template(LITE0, [converted_prefixes])
    head = [np.ones((1280, 5), np.float32), np.zeros(5, np.float32)]
    members = model_template.fill_template(template, TrainingSpec(""), head)
    model_template.write_model(tmp_path / "model.keras", members)
    with pytest.raises(TlguiError, match="is EfficientNet-Lite0, so its pixel values"):
        import_model(tmp_path / "model.keras", notes=ModelNotes("0..1"))
    imported = import_model(tmp_path / "model.keras", "Five birds")
    assert imported.matched == imported.total - 1
    assert Path(imported.folder).name == "Five birds"
    assert read_start_file(Path(imported.folder) / WEIGHTS).layers is None


def test_a_model_built_around_ours(tmp_path: Path, ours: Any) -> None:
    """As in the tutorials: the backbone as one layer, and a head of their own."""
    import keras

    base = build_backbone(LITE0, pretrained=False)
    outer = keras.Sequential(
        [
            keras.Input((224, 224, 3)),
            base,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(7, name="predictions"),
        ]
    )
    for ending in (".keras", ".h5"):
        imported = import_model(save(outer, tmp_path / f"outer{ending}"))
        assert imported.matched == imported.total - 1


def test_the_same_file_twice_gets_two_folders(tmp_path: Path, ours: Any) -> None:
    file = save(ours, tmp_path / "x.weights.h5")
    folders = [Path(import_model(file, "a/b: <i>c</i>").folder).name for _ in "ab"]
    assert folders == ["a b i c i", "a b i c i 2"]
    titles = {point.title for point in imported_models()[0]}
    assert titles == {"a/b: ‹i›c‹/i›"}


def test_weights_alone_of_another_architecture_are_refused(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(7, 3, strides=2)(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(3)(x))
    with pytest.raises(TlguiError) as caught:
        import_model(save(model, tmp_path / "small.weights.h5"))
    sentence = str(caught.value)
    assert "small.weights.h5 cannot be used: it holds weights alone" in sentence
    assert "ask for the whole model" in sentence
    assert imported_models() == ((), ())


@pytest.mark.parametrize(
    ("factory", "name"),
    [
        ("MobileNetV3Small", "mobilenet-v3-small"),
        *(
            pytest.param(factory, name, marks=pytest.mark.slow)
            for factory, name in (
                ("VGG16", "vgg-16"),
                ("MobileNetV2", "mobilenet-v2"),
                ("ResNet50V2", "resnet-50-v2"),
                ("DenseNet121", "densenet-121"),
                ("EfficientNetV2B0", "efficientnet-v2-b0"),
            )
        ),
    ],
)
def test_models_of_keras_applications_are_known(
    tmp_path: Path, factory: str, name: str
) -> None:
    """And their numbers land in the right layers: the features are the same."""
    import keras

    model = build_application(factory)
    random = np.random.default_rng(0)
    for layer in model.layers:
        moved = [w + random.normal(0, 0.02, w.shape) for w in layer.get_weights()]
        layer.set_weights([np.abs(w) if w.ndim == 1 else w for w in moved])
    import_model(save(model, tmp_path / f"{factory}.keras"))
    (point,), _ = imported_models()
    assert point.backbone == name
    ours = build_backbone(
        read_start_file(point.folder / WEIGHTS).backbone_in(point.folder / WEIGHTS)
    )
    size = model.input_shape[1]
    plain = getattr(keras.applications, factory)(
        include_top=False, weights=None, input_shape=(size, size, 3)
    )
    kept = [layer.get_weights() for layer in model.layers if layer.weights]
    parts = [layer for layer in plain.layers if layer.weights]
    for part, weights in zip(parts, kept, strict=False):
        part.set_weights(weights)
    application = APPLICATIONS[name]
    pixels = random.integers(0, 256, (1, size, size, 3)).astype(np.float32)
    seen = pixels.copy()
    if application.scaling in MODES:
        utils = keras.applications.imagenet_utils
        seen = utils.preprocess_input(seen, mode=MODES[application.scaling])
    expected = np.asarray(plain(seen, training=False)).mean(axis=(1, 2))
    small = keras.models.clone_model(ours, input_tensors=keras.Input((size, size, 3)))
    small.set_weights(ours.get_weights())
    found = np.asarray(small(pixels, training=False)).mean(axis=(1, 2))
    scale = float(np.abs(expected).max())
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-4)


@pytest.mark.parametrize(
    "ending",
    [
        ".h5",
        *(pytest.param(e, marks=pytest.mark.slow) for e in (".keras", ".weights.h5")),
    ],
)
def test_what_has_all_our_layers_and_more_is_another_architecture(
    tmp_path: Path, ending: str
) -> None:
    """EfficientNet-B0 has the names and shapes of Lite0, and other layers between."""
    import keras

    model = keras.applications.EfficientNetB0(weights=None, classes=3)
    with pytest.raises(TlguiError, match="layers that EfficientNet-Lite0 does not"):
        import_model(save(model, tmp_path / f"b0{ending}"))


@pytest.mark.parametrize(
    "missing",
    [
        "block3b_dwconv",
        pytest.param("stem_conv", marks=pytest.mark.slow),
        pytest.param("top_bn", marks=pytest.mark.slow),
    ],
)
def test_every_layer_of_the_backbone_must_be_there(
    tmp_path: Path, ours: Any, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    whole = open_foreign(save(ours, tmp_path / "x.weights.h5"))
    some: list[SavedLayer] = [la for la in whole.layers if la.name != missing]
    assert len(some) == len(whole.layers) - 1
    foreign = dataclasses.replace(whole, layers=tuple(some))
    monkeypatch.setattr(importing, "open_foreign", lambda file: foreign)
    with pytest.raises(TlguiError, match=r"only \d+ of the \d+ layers of Eff.*Lite0"):
        import_model(tmp_path / "x.weights.h5")


def test_a_damaged_deep_model_is_not_taken_for_a_shallow_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lite1 has every layer of Lite0, and more."""
    deep = build_ours("efficientnet-lite1")
    whole = open_foreign(save(deep, tmp_path / "x.weights.h5"))
    some = tuple(la for la in whole.layers if la.name != "block2c_dwconv")
    assert len(some) == len(whole.layers) - 1
    foreign = dataclasses.replace(whole, layers=some)
    monkeypatch.setattr(importing, "open_foreign", lambda file: foreign)
    with pytest.raises(TlguiError, match="is not known here"):
        import_model(tmp_path / "x.weights.h5")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.pkl", b"\x80\x04", "a pickle"),
        ("x.npz", b"PK\x03\x04", "a numpy archive"),
        ("x.keras", b"PK\x03\x04", "was not opened"),
        ("x.h5", b"nonsense", "was not opened"),
    ],
)
def test_the_gate_is_in_front(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TlguiError, match=reason):
        import_model(tmp_path / name)
    with pytest.raises(TlguiError, match="cannot be read"):
        import_model(tmp_path / "nowhere.keras")


def test_it_can_be_stopped_between_its_steps(tmp_path: Path, ours: Any) -> None:
    file = save(ours, tmp_path / "x.weights.h5")
    for after in range(3):
        asked = iter([*[False] * after, True])
        with pytest.raises(Stopped):
            import_model(file, should_stop=lambda asked=asked: next(asked))  # type: ignore[misc]
    assert imported_models() == ((), ())


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, ours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save(ours, tmp_path / "x.weights.h5")

    def full(path: Path, value: object) -> None:
        raise TlguiError("The disk is full.")

    monkeypatch.setattr(storage, "write_json", full)
    with pytest.raises(TlguiError, match="full"):
        import_model(file)
    assert list(paths.models_dir().iterdir()) == []
