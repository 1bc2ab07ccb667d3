"""A person's own network: read from its file, fine-tuned, kept, and refused."""

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from tests.ml.test_resume import interrupted
from tlgui import paths
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.events import Outcome
from tlgui.core.model_notes import PIXELS, ModelNotes
from tlgui.core.network import NETWORK
from tlgui.core.run import Run, open_finished_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import WEIGHTS, StartingPoint, open_starting_point
from tlgui.ml.backbones import build_backbone
from tlgui.ml.importing import import_model
from tlgui.ml.models import HEAD_OUTPUT, build_classifier
from tlgui.ml.prediction import predict_paths
from tlgui.ml.start_file import read_start_file, write_start_file
from tlgui.ml.training import resume, train

pytestmark = pytest.mark.tf
Array = np.ndarray[Any, np.dtype[Any]]


def layers() -> Any:
    import keras

    return keras.layers


def digits_network(shape: Sequence[int] = (28, 28, 1), answer: str = "softmax") -> Any:
    """The field's first network, with random weights."""
    import keras

    la = layers()
    model = keras.Sequential(
        [
            keras.Input(shape),
            la.Flatten(),
            la.Dense(16, activation="relu"),
            la.Dropout(0.2),
            la.Dense(10, activation=answer),
        ]
    )
    return moved(model)


def moved(model: Any) -> Any:
    """Gives every weight, biases too, a number of its own."""
    random = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights(
            [random.normal(0.1, 0.1, w.shape) for w in layer.get_weights()]
        )
    return model


def save(model: Any, path: Path) -> Path:
    if path.name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)
    return path


def save_as_keras_2(model: Any, path: Path) -> Path:
    """Weights alone, as `save_weights("….h5")` wrote them."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.4.0"
        for layer in model.layers:
            group = file.create_group(layer.name)
            parts = ["kernel:0", "bias:0"][: len(layer.weights)]
            names = [f"{layer.name}/{part}".encode() for part in parts]
            group.attrs["weight_names"] = names
            for name, weight in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(name.decode(), data=weight)
    return path


def kept(file: Path, notes: ModelNotes | None = None) -> tuple[StartingPoint, Any]:
    """The imported model, and the classifier that a training begins with."""
    imported = import_model(file, notes=notes or ModelNotes())
    point = open_starting_point(Path(imported.folder))
    start = read_start_file(point.folder / WEIGHTS)
    backbone = start.backbone_in(point.folder / WEIGHTS)
    model = build_classifier(backbone, max(len(point.class_names), 2))
    head = start.head_for(point.class_names)
    if head is not None:
        model.get_layer(HEAD_OUTPUT).set_weights(head)
    return point, model


def photos(size: int, channels: int = 1) -> Array:
    """Some photos as they are decoded: RGB values 0..255."""
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (4, size, size, channels)).astype(np.float32)
    return np.repeat(pixels, 3, -1) if channels == 1 else pixels


def answers(model: Any, inputs: Array) -> Array:
    return np.asarray(model(inputs, training=False))


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5", "-old.h5"])
def test_each_kind_of_file_answers_as_before(tmp_path: Path, ending: str) -> None:
    model, file = digits_network(), tmp_path / f"digits{ending}"
    if ending == "-old.h5":
        save_as_keras_2(model, file)
    else:
        save(model, file)
    point, ours = kept(file)
    pixels = photos(28)
    expected = answers(model, pixels[..., :1] / 255)
    np.testing.assert_allclose(answers(ours, pixels), expected, atol=1e-6)
    assert point.class_names == tuple("0123456789")
    backbone = find_backbone(point.backbone)
    assert [block.name for block in backbone.blocks] == ["dense1"]
    assert (backbone.input_size, backbone.features) == (28, 16)
    assert backbone.parameters == 785 * 16
    assert "0..1 is assumed" in point.report
    assert ("784 - 16 - 10" in point.report) == ("weights" in ending or "old" in ending)


@pytest.mark.parametrize("shape", [(28, 28), (784,)])
def test_each_way_to_hand_over_a_digit(tmp_path: Path, shape: Sequence[int]) -> None:
    model = digits_network(shape, "linear")
    _, ours = kept(save(model, tmp_path / "x.keras"))
    pixels = photos(28)
    logits = answers(model, pixels[..., 0].reshape(4, *shape) / 255)
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(answers(ours, pixels), expected, atol=1e-6)


@pytest.mark.parametrize("pixels", list(PIXELS))
def test_the_person_says_what_the_pixels_were(tmp_path: Path, pixels: str) -> None:
    model = digits_network()
    notes = ModelNotes(pixels, tuple("abcdefghij"))
    point, ours = kept(save(model, tmp_path / "x.weights.h5"), notes)
    factor, shift = PIXELS[pixels]
    seen = photos(28)
    expected = answers(model, seen[..., :1] * factor + shift)
    np.testing.assert_allclose(answers(ours, seen), expected, atol=1e-5)
    assert point.class_names == tuple("abcdefghij")
    assert f"pixels {pixels}, as you said" in point.report


def test_layers_that_scale_the_pixels_themselves(tmp_path: Path) -> None:
    import keras

    la = layers()
    scaling = la.Normalization()
    scaling.adapt(photos(8, 3))
    for first in (la.Rescaling(1 / 255), scaling):
        model = keras.Sequential(
            [keras.Input((8, 8, 3)), first, la.Flatten(), la.Dense(3)]
        )
        model.layers[-1].set_weights([np.full((192, 3), 0.01), np.arange(3.0)])
        point, ours = kept(save(model, tmp_path / f"{first.name}.keras"))
        assert "pixels 0..255, as its own layers say" in point.report
        logits = answers(model, photos(8, 3))
        expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        np.testing.assert_allclose(answers(ours, photos(8, 3)), expected, atol=1e-5)


def test_a_network_with_convolutions_and_a_branch(tmp_path: Path) -> None:
    import keras

    la = layers()
    inputs = keras.Input((12, 12, 3))
    x = stem = la.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = la.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = la.BatchNormalization()(x)
    x = la.Activation("relu")(la.Add()([x, stem]))
    x = la.MaxPooling2D()(x)
    x = la.SeparableConv2D(6, 3)(x)
    x = la.Dropout(0.3)(la.GlobalAveragePooling2D()(x))
    model = moved(keras.Model(inputs, la.Softmax()(la.Dense(3)(x))))
    for layer in model.layers:
        layer.set_weights([np.abs(w) for w in layer.get_weights()])
    point, ours = kept(save(model, tmp_path / "cnn.keras"))
    pixels = photos(12, 3)
    expected = answers(model, pixels / 255)
    np.testing.assert_allclose(answers(ours, pixels), expected, atol=1e-5)
    backbone = find_backbone(point.backbone)
    names = [block.name for block in backbone.blocks]
    assert names == ["conv1", "conv2", "separable1"], "a branch is not divided"
    assert backbone.features == 6


def test_one_activation_in_two_places_and_a_norm_in_front(tmp_path: Path) -> None:
    import keras

    la = layers()
    x = inputs = keras.Input((6, 6, 3))
    relu = la.ReLU()
    x = la.Concatenate()([la.BatchNormalization()(x), x])
    x = relu(la.Conv2D(3, 3)(x))
    x = relu(la.Conv2D(3, 3)(x))
    model = moved(keras.Model(inputs, la.Dense(2)(la.Flatten()(x))))
    point, ours = kept(save(model, tmp_path / "shared.keras"))
    logits = answers(model, photos(6, 3) / 255)
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(answers(ours, photos(6, 3)), expected, atol=1e-5)
    names = [block.name for block in find_backbone(point.backbone).blocks]
    assert names == ["norm1", "conv1", "conv2"]


def test_one_output_becomes_two_classes(tmp_path: Path) -> None:
    import keras

    la = layers()
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), la.Flatten(), la.Dense(1, activation="sigmoid")]
    )
    model.layers[-1].set_weights([np.linspace(-1, 1, 16)[:, None], np.array([0.3])])
    point, ours = kept(save(model, tmp_path / "x.h5"))
    assert point.class_names == ("0", "1")
    expected = answers(model, photos(4)[..., :1] / 255)
    np.testing.assert_allclose(answers(ours, photos(4))[:, 1:], expected, atol=1e-6)
    assert find_backbone(point.backbone).parameters == 0


def test_a_head_that_does_not_choose_is_left_out(tmp_path: Path) -> None:
    file = save(digits_network(answer="sigmoid"), tmp_path / "x.keras")
    point, _ = kept(file)
    assert point.class_names == ()
    assert "its head (it answers by sigmoid" in point.report


def test_many_layers_make_no_more_than_twelve_blocks(tmp_path: Path) -> None:
    import keras

    la = layers()
    parts = [la.Dense(4, activation="tanh") for _ in range(14)]
    model = moved(keras.Sequential([keras.Input((9,)), *parts, la.Dense(2)]))
    point, _ = kept(save(model, tmp_path / "deep.keras"))
    blocks = find_backbone(point.backbone).blocks
    assert [block.name for block in blocks][:3] == ["dense1", "dense3", "dense5"]
    assert len(blocks) == 7


def refused(file: Path, notes: ModelNotes | None = None) -> str:
    with pytest.raises(TlguiError) as caught:
        import_model(file, notes=notes or ModelNotes())
    assert not list(paths.models_dir().glob("[!.]*"))
    return str(caught.value)


def test_what_cannot_be_understood_gets_a_sentence(tmp_path: Path) -> None:
    import keras

    la = layers()

    def sequential(*parts: Any) -> Any:
        return keras.Sequential(list(parts))

    convolutions = sequential(keras.Input((8, 8, 1)), la.Conv2D(2, 3), la.Flatten())
    convolutions.add(la.Dense(2))
    sentence = refused(save(convolutions, tmp_path / "a.weights.h5"))
    assert "only of Flatten and Dense layers can be told" in sentence
    assert "ask for the whole model" in sentence
    odd = sequential(keras.Input((50,)), la.Dense(3), la.Dense(2))
    assert "make no square picture" in refused(save(odd, tmp_path / "b.weights.h5"))
    wide = sequential(keras.Input((8, 9, 1)), la.Flatten(), la.Dense(2))
    assert "8 x 9, not square ones" in refused(save(wide, tmp_path / "c.keras"))
    maps = sequential(keras.Input((8, 8, 3)), la.Conv2D(2, 3))
    assert "ends in a layer of the kind Conv2D" in refused(
        save(maps, tmp_path / "d.h5")
    )
    broken = sequential(keras.Input((9,)), la.Dense(5, name="a"))
    broken.add(la.Dense(2, name="b"))
    file = save_as_keras_2(broken, tmp_path / "e.h5")
    with h5py.File(file, "r+") as opened:
        opened.attrs["layer_names"] = [b"b", b"a"]
    assert "hands on 2" in refused(file)


def test_what_a_person_says_must_fit(tmp_path: Path) -> None:
    file = save(digits_network(), tmp_path / "x.keras")
    assert "10 classes, but 2 class names" in refused(file, ModelNotes("", ("a", "b")))
    assert "Expected one of 0..1" in refused(file, ModelNotes("0-1"))
    assert "differ from each other" in refused(file, ModelNotes("", ("a", "a")))


def test_a_network_file_of_somebody_else_is_checked(tmp_path: Path) -> None:
    """It may have come with a run; its name is its checksum, not a promise."""
    from tlgui.core.network import _from_content, keep_network

    import_model(save(digits_network(), tmp_path / "x.keras"))
    (file,) = (paths.models_dir() / ".networks").iterdir()
    content = file.read_bytes()
    for old, new, reason in (
        (b'"class_name":"Reshape"', b'"class_name":"Lambda"', "Lambda"),
        (b'"features":16', b'"features":17', "not 17 features"),
        (b'"input_size":28', b'"input_size":29', "not photos"),
        (b'"kind":"Dense"', b'"kind":"Conv2D"', "not those of its table"),
    ):
        assert content.count(old) >= 1
        network = _from_content(content.replace(old, new))
        keep_network(network)
        with pytest.raises(TlguiError, match=reason):
            build_backbone(find_backbone(network.name))


def test_weights_that_are_missing_are_not_zeros(tmp_path: Path) -> None:
    imported = import_model(save(digits_network(), tmp_path / "x.keras"))
    file = Path(imported.folder) / WEIGHTS
    whole = read_start_file(file)
    write_start_file(file, dataclasses.replace(whole, layers=None))
    with pytest.raises(TlguiError, match="its layers are missing"):
        read_start_file(file)


def test_a_network_is_adopted_from_the_folder_that_brings_it(tmp_path: Path) -> None:
    imported = import_model(save(digits_network(), tmp_path / "x.keras"))
    folder = Path(imported.folder)
    (file,) = (paths.models_dir() / ".networks").iterdir()
    file.unlink()
    with pytest.raises(TlguiError, match="is not known on this computer"):
        find_backbone(file.stem)
    content = (folder / NETWORK).read_bytes()
    (folder / NETWORK).write_bytes(content.replace(b"Own network", b"Any network"))
    with pytest.raises(TlguiError, match="is not known on this computer"):
        open_starting_point(folder)
    (folder / NETWORK).write_bytes(content)
    assert open_starting_point(folder).backbone == file.stem
    assert file.read_bytes() == content


# -- trained -------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A network that knows half of the digits badly, and photos of all of them."""
    import keras
    from sklearn.datasets import load_digits

    root = tmp_path_factory.mktemp("digits")
    found = load_digits()
    pictures = [
        Image.fromarray((ink * 15.9).astype(np.uint8)).resize((28, 28))
        for ink in found.images
    ]
    for number, (picture, label) in enumerate(
        zip(pictures[900:1200], found.target[900:1200], strict=True)
    ):
        split = "train" if number < 150 else "val"
        folder = root / "data" / split / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{number}.png")
    keras.utils.set_random_seed(0)
    la = layers()
    model = keras.Sequential([keras.Input((28, 28, 1)), la.Flatten()])
    model.add(la.Dense(32, activation="relu"))
    model.add(la.Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    seen = np.stack([np.asarray(p, np.float32) for p in pictures[:900]]) / 255
    noise = np.random.default_rng(0).normal(0, 0.1, seen.shape).astype(np.float32)
    model.fit((seen + noise)[..., None], found.target[:900], epochs=4, verbose=0)
    return root / "data", save(model, root / "digits.weights.h5")


def trained(data: Path, folder: Path, file: Path, **changes: Any) -> Run:
    imported = import_model(file)
    point = open_starting_point(Path(imported.folder))
    values: dict[str, Any] = {"epochs": 2, "augmentation": "none"}
    values |= {"learning_rate": 1e-3} | changes
    spec = TrainingSpec(
        str(data), backbone=point.backbone, start=str(point.folder), **values
    )
    train(spec, folder, lambda event: None)
    return open_finished_run(folder)


def test_fine_tuning_beats_a_random_start(
    digits: tuple[Path, Path], tmp_path: Path
) -> None:
    import keras

    data, file = digits
    everything: dict[str, Any] = {"trainable": ("dense1",), "strategy": "direct"}
    tuned = trained(data, tmp_path / "tuned", file, **everything)
    other = keras.Sequential([keras.Input((28, 28, 1)), layers().Flatten()])
    other.add(layers().Dense(32, activation="relu"))
    other.add(layers().Dense(10, activation="softmax"))
    anew = save(other, tmp_path / "random.weights.h5")
    scratch = trained(data, tmp_path / "scratch", anew, **everything)
    assert tuned.evaluation().accuracy > scratch.evaluation().accuracy + 0.1
    assert tuned.history()[0].val_accuracy > 0.8, "its head goes on"


def test_a_run_needs_nothing_but_its_folder(
    digits: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its head alone learns; the run is interrupted, moved, resumed and asked."""
    import keras

    data, file = digits
    point = open_starting_point(Path(import_model(file).folder))
    spec = TrainingSpec(
        str(data),
        backbone=point.backbone,
        start=str(point.folder),
        epochs=5,
        augmentation="none",
    )
    interrupted(tmp_path / "run", spec, monkeypatch)
    shutil.rmtree(paths.models_dir())
    moved_to = tmp_path / "moved"
    (tmp_path / "run").rename(moved_to)
    assert resume(moved_to, lambda event: None).outcome is Outcome.COMPLETED
    run = open_finished_run(moved_to)
    assert run.evaluation().accuracy > 0.8
    picture = next((data / "val" / "3").iterdir())
    (answer,) = predict_paths(run, [picture])
    plain = keras.saving.load_model(run.model_file, compile=False)
    seen = np.asarray(Image.open(picture).convert("RGB"), np.float32)[None]
    best = int(answers(plain, seen).argmax())
    assert answer.class_names[0] == run.class_names[best]
    assert open_starting_point(moved_to).backbone == point.backbone
