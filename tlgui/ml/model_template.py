"""The finished model of a run whose backbone stayed as it was, without TensorFlow.

Such a model differs from the next one in its head alone. Keras saves it once for a
backbone, as a template with two classes; from then on a run's own model is that file
with another head in it. Building and saving it anew takes Keras over two seconds,
and importing TensorFlow for it six.
"""

import importlib.metadata
import io
import json
import logging
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlgui.core import storage
from tlgui.core.backbone import Backbone
from tlgui.core.errors import TlguiError
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Floats
from tlgui.ml import models
from tlgui.ml.prepared_room import make_room

_log = logging.getLogger(__name__)

TEMPLATE_VERSION = 1
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_DATE = "%Y-%m-%d@%H:%M:%S"


def find_template(backbone: Backbone, folders: Sequence[Path]) -> bytes:
    """The template of a backbone; made, and kept in the first folder, if need be.

    Args:
        backbone: which one, and with which weights.
        folders: where templates are looked for.

    Returns:
        The content of a `.keras` file.

    Raises:
        TlguiError: there is none and the backbone's weights cannot be had.
    """
    for folder in folders:
        content = _read(folder / _name(backbone))
        if content is not None:
            return content
    content = _make(backbone)
    try:
        folders[0].mkdir(parents=True, exist_ok=True)
        storage.write_bytes(folders[0] / _name(backbone), content)
        make_room(folders[0])
    except (OSError, TlguiError) as error:
        _log.info("%s is made again next time: %s", _name(backbone), error)
    return content


def fill_template(
    template: bytes, spec: TrainingSpec, head: Sequence[Floats]
) -> list[tuple[str, bytes]]:
    """Puts a head into a template.

    Args:
        template: as `find_template` gives it.
        spec: decides the loss that the model is compiled with.
        head: kernel `(features, classes)` and bias `(classes,)`.

    Returns:
        The names and contents of the members of a `.keras` file.
    """
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        config = json.loads(archive.read(_CONFIG))
        metadata = json.loads(archive.read(_METADATA))
        weights = archive.read(_WEIGHTS)
    _layer(config)["config"]["units"] = head[0].shape[1]
    _layer(config)["config"]["activation"] = models.head_activation(spec)
    config["compile_config"]["metrics"] = [models.metric_name(spec)]
    config["compile_config"]["loss"] = _loss_config(spec)
    metadata["date_saved"] = time.strftime(_DATE)
    return [
        (_METADATA, json.dumps(metadata).encode()),
        (_CONFIG, json.dumps(config).encode()),
        (_WEIGHTS, _with_head(weights, head)),
    ]


def write_model(file: Path, members: Sequence[tuple[str, bytes]]) -> None:
    """Writes a `.keras` file, whole or not at all.

    Raises:
        TlguiError: it cannot be written.
    """

    def write(draft: Path) -> None:
        with zipfile.ZipFile(draft, "w") as archive:
            for name, content in members:
                archive.writestr(name, content)

    storage.write_whole(file, write)


def _name(backbone: Backbone) -> str:
    keras = importlib.metadata.version("keras")
    sha = backbone.weights_id[:12]
    return f"{backbone.name}-{sha}-{keras}-{TEMPLATE_VERSION}.keras"


def _read(file: Path) -> bytes | None:
    """A template from the disk, if it is whole."""
    try:
        content = file.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            damaged = archive.testzip()
    except (OSError, zipfile.BadZipFile):
        return None
    return None if damaged else content


def _make(backbone: Backbone) -> bytes:
    import tempfile

    keras_model = models.build_classifier(backbone, 2)
    models.prepare_saving(keras_model, TrainingSpec(data="", trainable=()))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.keras"
        models.save_model(keras_model, file)
        return file.read_bytes()


def _layer(config: dict[str, Any]) -> dict[str, Any]:
    """The description of the head's output layer."""
    layers: list[dict[str, Any]] = config["config"]["layers"]
    return next(la for la in layers if la["name"] == models.HEAD_OUTPUT)


def _with_head(weights: bytes, head: Sequence[Floats]) -> bytes:
    """The content of a weights file with another head in it."""
    import h5py

    buffer = io.BytesIO(weights)
    with h5py.File(buffer, "r+") as file:
        groups = (group["vars"] for group in file["layers"].values())
        ours = next(g for g in groups if g.attrs.get("name") == models.HEAD_OUTPUT)
        for name, array in zip(("0", "1"), head, strict=True):
            del ours[name]
            ours.create_dataset(name, data=array)
    return buffer.getvalue()


def _loss_config(spec: TrainingSpec) -> dict[str, Any]:
    """What Keras writes of the loss that `models.make_loss` gives."""
    name, called, more = "CategoricalCrossentropy", "categorical_crossentropy", {}
    if spec.loss == "focal":
        name, called = "CategoricalFocalCrossentropy", "categorical_focal_crossentropy"
        more = {"alpha": 1.0, "gamma": spec.focal_gamma}
    elif spec.loss == "binary-cross-entropy":
        name, called = "BinaryCrossentropy", "binary_crossentropy"
    config: dict[str, Any] = {
        "name": called,
        "reduction": "sum_over_batch_size",
        "from_logits": False,
        "label_smoothing": spec.label_smoothing,
        "axis": -1,
        **more,
    }
    return {
        "module": "keras.losses",
        "class_name": name,
        "config": config,
        "registered_name": None,
    }
