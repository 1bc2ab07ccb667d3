"""The writer of models whose blocks have learned: Keras itself, with a small model."""

import functools
from pathlib import Path
from typing import Any

from tests.crash.writer import NEW, OLD, Writer, plain_writer
from tlgui.ml import models, runtime

_FILE = "model.keras"


@functools.cache
def _model() -> Any:
    runtime.tensorflow()
    import keras

    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2, name="dense")(inputs))


def _write(folder: Path, value: float) -> None:
    model = _model()
    model.get_layer("dense").kernel.assign([[value] * 2] * 3)
    models.save_model(model, folder / _FILE)


def _read(folder: Path) -> str:
    """Which of both is there, as Keras reads it."""
    model = _model()
    model.load_weights(folder / _FILE)
    values = set(model.get_layer("dense").kernel.numpy().ravel().tolist())
    return {(1.0,): OLD, (2.0,): NEW}.get(tuple(values), str(values))


KERAS_WRITERS: dict[str, Writer] = {
    "keras model": plain_writer(
        lambda folder: _write(folder, 1.0), lambda folder: _write(folder, 2.0), _read
    )
}
