"""A finished model without TensorFlow is the one that Keras would have saved."""

import io
import json
import logging
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tlgui.core.catalogue import find_backbone
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Floats
from tlgui.ml import model_template, models
from tlgui.ml.model_template import fill_template, find_template, write_model

pytestmark = pytest.mark.tf
BACKBONE = find_backbone("efficientnet-lite0")


@pytest.fixture
def template(converted_prefixes: Path) -> bytes:
    return find_template(BACKBONE, [converted_prefixes])


def a_head(classes: int) -> list[Floats]:
    rng = np.random.default_rng(classes)
    kernel = rng.normal(0, 0.1, (BACKBONE.features, classes))
    return [kernel.astype(np.float32), rng.normal(size=classes).astype(np.float32)]


def config_of(file: Path) -> Any:
    with zipfile.ZipFile(file) as archive:
        value = json.loads(archive.read("config.json"))
    return without_identities(value)


def without_identities(value: Any) -> Any:
    """Keras numbers shared objects by their place in memory."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k != "shared_object_id"}
        return {key: without_identities(inner) for key, inner in kept.items()}
    return [*map(without_identities, value)] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("classes", "changes"),
    [
        (2, {}),
        (7, {"label_smoothing": 0.1}),
        (3, {"loss": "focal", "focal_gamma": 1.5, "label_smoothing": 0.05}),
        (3, {"loss": "binary-cross-entropy", "task": "image-multilabel"}),
    ],
)
def test_the_file_says_what_keras_own_says(
    template: bytes, classes: int, changes: dict[str, Any], tmp_path: Path
) -> None:
    import keras

    spec = TrainingSpec(data="", **changes)
    head = a_head(classes)
    ours, plain = tmp_path / "ours.keras", tmp_path / "plain.keras"
    write_model(ours, fill_template(template, spec, head))
    activation = models.head_activation(spec)
    keras_model = models.build_classifier(BACKBONE, classes, activation=activation)
    keras_model.get_layer(models.HEAD_OUTPUT).set_weights(head)
    models.prepare_saving(keras_model, spec)
    models.save_model(keras_model, plain)
    assert config_of(ours) == config_of(plain)
    found, expected = (keras.saving.load_model(file) for file in (ours, plain))
    for one, other in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), one.path)
    assert type(found.loss) is type(expected.loss)
    assert found.optimizer.get_config() == expected.optimizer.get_config()


def test_a_template_is_made_once_and_again_when_it_is_damaged(
    template: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def make(backbone: Any) -> bytes:
        made.append(backbone.name)
        return template

    monkeypatch.setattr(model_template, "_make", make)
    for _ in range(2):
        assert find_template(BACKBONE, [tmp_path / "own", tmp_path]) == template
    assert made == [BACKBONE.name]
    (file,) = (tmp_path / "own").iterdir()
    content = bytearray(template)
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert find_template(BACKBONE, [tmp_path / "own", tmp_path]) == template
    assert len(made) == 2
    assert file.read_bytes() == template


def test_a_bundled_template_is_used(
    template: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = tmp_path / "bundled"
    find_template(BACKBONE, [bundled])
    monkeypatch.setattr(model_template, "_make", lambda backbone: 1 / 0)
    found = find_template(BACKBONE, [tmp_path / "own", bundled])
    with zipfile.ZipFile(io.BytesIO(found)) as archive:
        assert archive.testzip() is None
    assert not (tmp_path / "own").exists()


def test_where_nothing_can_be_kept_the_template_serves_all_the_same(
    template: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(model_template, "_make", lambda backbone: template)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert find_template(BACKBONE, [tmp_path / "file" / "folder"]) == template
    assert "made again next time" in caplog.text


HEAD_ONLY = """
import sys
from pathlib import Path
from tlgui.core.spec import TrainingSpec
from tlgui.ml.training import train
data, folder = sys.argv[1:]
spec = TrainingSpec(data, epochs=2, augmentation="none")
ended = train(spec, Path(folder), lambda event: None)
assert not {"tensorflow", "keras"} & set(sys.modules)
print(ended.outcome)
"""


def test_a_head_is_trained_and_saved_without_tensorflow(
    colours: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ai_edge_litert")
    from tlgui.core.run import open_finished_run
    from tlgui.ml.training import train

    spec = TrainingSpec(str(colours), epochs=2, augmentation="none")
    train(spec, tmp_path / "first", lambda event: None)
    command = [sys.executable, "-c", HEAD_ONLY, str(colours), str(tmp_path / "second")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.split() == ["completed"], done.stderr
    first, second = (
        models.load_finished(open_finished_run(tmp_path / name))
        for name in ("first", "second")
    )
    for one, other in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), one.path)
