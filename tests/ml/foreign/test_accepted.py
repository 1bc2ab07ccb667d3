"""The gate lets through what this program and the supported architectures save."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tests.ml.foreign.architectures import (
    OURS,
    QUICK,
    SLOW,
    build_application,
    build_ours,
    identities,
)
from tests.ml.foreign.hostile import members, weights, write_zip
from tlgui.core.spec import TrainingSpec
from tlgui.ml.foreign import allowed
from tlgui.ml.foreign.gate import ForeignModel, open_foreign
from tlgui.ml.foreign.matching import assign_matched, match_weights
from tlgui.ml.foreign.rebuild import rebuild
from tlgui.ml.foreign.recognition import recognise
from tlgui.ml.models import make_loss

slow = pytest.mark.slow
pytestmark = pytest.mark.tf
APPLICATIONS = [*QUICK, *(pytest.param(name, marks=slow) for name in SLOW)]


def saved(model: Any, folder: Path, ending: str) -> Path:
    path = folder / f"model{ending}"
    if ending == ".weights.h5":
        model.save_weights(path)
    else:
        model.save(path)
    return path


def assert_same_weights(foreign: ForeignModel, model: Any) -> None:
    assert foreign.numbers == model.count_params()
    report = match_weights(foreign.layers, model)
    assert not report.new
    assert not report.unused
    before = [weight.numpy() for weight in model.weights]
    for weight in model.weights:
        weight.assign(np.full(weight.shape, 7.0))
    assign_matched(report, model)
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".h5"])
def test_what_this_program_saves(tmp_path: Path, ending: str) -> None:
    model = build_ours("efficientnet-lite0")
    foreign = open_foreign(saved(model, tmp_path, ending))
    assert (foreign.config is None) == (ending == ".weights.h5")
    assert_same_weights(foreign, model)


def test_a_backbone_of_ours_is_recognised(tmp_path: Path) -> None:
    model = build_ours("efficientnet-lite0")
    foreign = open_foreign(saved(model, tmp_path, ".weights.h5"))
    assert recognise(foreign.layers) == "efficientnet-lite0"
    assert recognise(foreign.layers[1:]) is None


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("calls", [1, 2])
def test_a_model_of_the_keras_tutorial(tmp_path: Path, ending: str, calls: int) -> None:
    """Augmentation, a backbone as one layer called for inference, a new head."""
    import keras

    base_input = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(3, 3, padding="same", activation="relu")(base_input)
    base = keras.Model(base_input, keras.layers.BatchNormalization()(x))
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.RandomFlip("horizontal")(inputs)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    for _ in range(calls):
        x = base(x, training=False)
    x = keras.layers.Dropout(0.2)(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
    foreign = open_foreign(saved(model, tmp_path, ending))
    rebuilt = rebuild(foreign)
    report = match_weights(foreign.layers, rebuilt)
    assert report.sentence() == "3 of 3 layers matched."
    assign_matched(report, rebuilt)
    photo = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3))
    np.testing.assert_allclose(
        rebuilt(photo, training=False), model(photo, training=False), atol=1e-6
    )


@slow
@pytest.mark.parametrize("name", OURS[1:])
def test_our_larger_backbones(tmp_path: Path, name: str) -> None:
    model = build_ours(name)
    assert identities(model) <= allowed.FROM_ARCHITECTURES
    foreign = open_foreign(saved(model, tmp_path, ".weights.h5"))
    assert_same_weights(foreign, model)
    assert recognise(foreign.layers) == name


@pytest.mark.parametrize("name", APPLICATIONS)
def test_supported_architectures(tmp_path: Path, name: str) -> None:
    """Opened, built anew and filled, each answers as Keras' own copy does."""
    model = build_application(name)
    assert identities(model) <= allowed.FROM_ARCHITECTURES
    open_foreign(saved(model, tmp_path, ".weights.h5"))
    foreign = open_foreign(saved(model, tmp_path, ".keras"))
    assert_same_weights(foreign, model)
    rebuilt = rebuild(foreign)
    assign_matched(match_weights(foreign.layers, rebuilt), rebuilt)
    assert rebuilt.count_params() == model.count_params()
    photo = np.random.default_rng(0).uniform(0, 255, (1, *model.input_shape[1:]))
    np.testing.assert_allclose(rebuilt(photo), model(photo), atol=1e-5)


@slow
def test_the_list_of_classes_is_exactly_what_the_architectures_name() -> None:
    found: set[allowed.Identity] = set()
    for name in OURS:
        found |= identities(build_ours(name))
    for name in (*QUICK, *SLOW):
        found |= identities(build_application(name))
    assert found == set(allowed.FROM_ARCHITECTURES)


@pytest.mark.parametrize("loss", ["cross-entropy", "focal"])
def test_a_model_that_was_compiled_and_trained(tmp_path: Path, loss: str) -> None:
    import keras

    model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(3, activation="softmax")]
    )
    spec = TrainingSpec("photos", loss=loss)
    rate = keras.optimizers.schedules.CosineDecay(0.1, 10)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.01)
    model.compile(optimizer, make_loss(spec), metrics=["accuracy"])
    model.train_on_batch(np.ones((2, 8)), np.eye(3)[:2])
    for ending in (".keras", ".h5", ".weights.h5"):
        foreign = open_foreign(saved(model, tmp_path, ending))
        assert_same_weights(foreign, model)


def test_half_precision(tmp_path: Path) -> None:
    import keras

    for policy in ("bfloat16", "float16", "mixed_float16"):
        dense = keras.layers.Dense(3, dtype=policy)
        model = keras.Sequential([keras.Input((8,)), dense])
        foreign = open_foreign(saved(model, tmp_path, ".keras"))
        kernel = np.asarray(model.weights[0]).astype("float32")
        np.testing.assert_array_equal(foreign.layers[0].weights[0], kernel)


def test_an_archive_that_was_packed_again(tmp_path: Path) -> None:
    """Programs that mail or mirror files unpack and pack them."""
    path = write_zip(tmp_path / "again.keras", [*members(), ("assets/", b"")], True)
    assert zipfile.ZipFile(path).getinfo("config.json").compress_type
    assert open_foreign(path).numbers == 10


def test_weights_that_were_compressed(tmp_path: Path) -> None:
    path = tmp_path / "small.weights.h5"
    kernel = np.random.default_rng(0).normal(size=(300, 200)).astype("float32")
    with h5py.File(path, "w") as file:
        group = file.create_group("layers/dense/vars")
        group.create_dataset("0", data=kernel, compression="gzip", shuffle=True)
        group.create_dataset("1", data=np.zeros(200, ">f8"), compression="gzip")
    layer = open_foreign(path).layers[0]
    np.testing.assert_array_equal(layer.weights[0], kernel)
    assert layer.weights[1].dtype == np.dtype("float64")


def test_large_weights_come_over_in_parts(
    tmp_path: Path,
) -> None:
    path = tmp_path / "large.weights.h5"
    kernel = np.arange(20_000_000, dtype="float32").reshape(-1, 1000)
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = kernel
    np.testing.assert_array_equal(open_foreign(path).layers[0].weights[0], kernel)


def test_a_link_of_the_person_is_no_attack(tmp_path: Path) -> None:
    """A shortcut to a file is the person's own; only links inside files are refused."""
    path = tmp_path / "real.weights.h5"
    path.write_bytes(weights())
    link = tmp_path / "link.weights.h5"
    try:
        link.symlink_to(path)
    except OSError:
        shutil.copy(path, link)
    assert open_foreign(link).numbers == 10


def test_metadata_of_tf_keras_is_taken(tmp_path: Path) -> None:
    """TensorFlow 2.12 to 2.15 wrote the same archive with other module names."""
    config = {
        "module": "keras.src.engine.sequential",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": []},
        "registered_name": "Sequential",
    }
    path = write_zip(tmp_path / "m.keras", members(json.dumps(config).encode()))
    assert open_foreign(path).config == config
