"""Opens a preset folder of keras-hub, whose architecture is code of that package.

    config.json             which class, and its settings
    image_converter.json    how photos are scaled (or inside preprocessor.json)
    model.weights.h5        the weights

Only the classes in `BACKBONES` are built, by keras-hub itself, from plain values that
were checked; the weights pass the same gate as every model file. What is kept is a flat
network of plain Keras layers (`hub_layers`), so that keras-hub is needed only here.
"""

import importlib.util
import math
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tlgui.core.errors import TlguiError
from tlgui.core.network import Network, make_network
from tlgui.core.types import Floats
from tlgui.ml import runtime
from tlgui.ml.block_table import table_of
from tlgui.ml.flat_copy import copy_flat
from tlgui.ml.foreign import bounded_json, kinds
from tlgui.ml.foreign.child import Window
from tlgui.ml.foreign.reader import Weights, read_weights
from tlgui.ml.foreign.refusal import Refusal, refused
from tlgui.ml.hub_layers import hub_group, with_plain_layers
from tlgui.ml.hub_settings import Scaling, backbone_settings, is_of_hub, scaling_in

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
_CONVERTERS = ("image_converter.json", "preprocessor.json")
_TOLERANCE = 1e-4
_COLOURS = re.compile(r"\x1b\[\d*m")  # in which Keras writes some of its errors


def preset_folder(file: Path) -> Path | None:
    """The folder of a preset, if a path is one or is its weights."""
    folder = file if file.is_dir() else file.parent
    there = all((folder / name).is_file() for name in (CONFIG, WEIGHTS))
    if not there or file not in (folder, folder / WEIGHTS):
        return None
    try:
        return folder if is_of_hub(_read_json(folder / CONFIG)) else None
    except (OSError, Refusal):  # then it is opened as what it is, and that refuses it
        return None


def open_preset(
    folder: Path, go_on: Callable[[], None] = lambda: None
) -> tuple[Network, Mapping[str, tuple[Floats, ...]]]:
    """Makes a network of one's own of a preset.

    Args:
        folder: of the preset.
        go_on: called between the steps; may raise `Stopped`.

    Returns:
        The network, and its weights by layer.

    Raises:
        TlguiError: keras-hub is not installed, or the preset is refused; says why.
    """
    if importlib.util.find_spec("keras_hub") is None:
        raise TlguiError(
            f"{folder} is a preset of keras-hub, and to open it the Python package "
            "keras-hub is needed, which is not here. Where this program runs from "
            "source, install it: pip install keras-hub."
        )
    try:
        name, settings = backbone_settings(_read_json(folder / CONFIG))
        scaling = _scaling(folder, settings)
        weights = _read_weights(folder / WEIGHTS)
        go_on()
        original = _build(name, {**settings, **scaling.shape_for(name)}, weights)
        go_on()
        return _converted(original, name, scaling)
    except Refusal as refusal:
        raise refused(folder, refusal) from refusal
    except OSError as error:
        raise TlguiError(
            f"The preset {folder} cannot be read: {error.strerror}. Choose another one."
        ) from error


def _read_json(file: Path) -> Any:
    with kinds.open_regular(file) as stream:
        return bounded_json.parse(stream.read(2**20), file.name)


def _scaling(folder: Path, settings: Mapping[str, Any]) -> Scaling:
    for name in _CONVERTERS:
        if (folder / name).is_file():
            return scaling_in(_read_json(folder / name), settings)
    return scaling_in(None, settings)


def _read_weights(file: Path) -> Weights:
    with kinds.open_regular(file) as stream:
        kinds.kind_of(file, stream)
        size = stream.seek(0, 2)
        return read_weights(stream, Window(0, size, size))


def _build(name: str, settings: Mapping[str, Any], weights: Weights) -> Any:
    """The backbone as keras-hub builds it, once it is clear how large it will be."""
    runtime.tensorflow()
    import keras_hub

    factory = getattr(keras_hub.models, name)
    there = sum(array.size for array in weights.arrays.values())
    try:
        wanted = _numbers(lambda: factory(**settings))
        if wanted > there:
            raise Refusal(
                f"its description asks for {wanted:,} numbers, but its weights have "
                f"only {there:,}"
            )
        made = factory(**settings)
        _load(made, weights)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        reason = " ".join(_COLOURS.sub("", str(error)).split())[:120]
        raise Refusal(f"keras-hub does not take its settings ({reason})") from error
    return made


def _numbers(build: Callable[[], Any]) -> int:
    """How many numbers a model holds, without any memory for them."""
    import keras
    from keras.src.backend.common import global_state

    try:
        with keras.StatelessScope(initialize_variables=False):
            return int(build().count_params())
    finally:
        # Keras would make them at the end of the next scope; this has no public name.
        global_state.set_global_attribute("uninitialized_variables", [])


def _load(model: Any, weights: Weights) -> None:
    """Has Keras read a file of ours with what the gate has let through."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.weights.h5"
        with h5py.File(file, "w") as made:
            for path, array in weights.arrays.items():
                made.create_dataset(path, data=array)
        model.load_weights(file)


def _converted(
    original: Any, name: str, scaling: Scaling
) -> tuple[Network, Mapping[str, tuple[Floats, ...]]]:
    plain = with_plain_layers(original)
    copy = copy_flat(plain, "own", hub_group(plain), scaling.layer())
    copy.take_weights()
    made = copy.keras_model
    _compare(original, made, scaling)
    import keras

    try:
        network = make_network(
            f"{name.removesuffix('Backbone')} of keras-hub, {scaling.size} × "
            f"{scaling.size}",
            scaling.size,
            int(made.output_shape[-1]),
            table_of(made),
            keras.saving.serialize_keras_object(made),
        )
    except ValueError as error:
        raise Refusal(str(error)) from error
    layers = {la.name: tuple(la.get_weights()) for la in made.layers if la.weights}
    return network, layers


def _compare(original: Any, made: Any, scaling: Scaling) -> None:
    """Makes sure that the copy sees what the original sees.

    Raises:
        Refusal: it does not.
    """
    shape = (1, scaling.size, scaling.size, 3)
    pixels: Floats = np.random.default_rng(0).random(shape, np.float32) * 255
    expected = np.asarray(original(scaling.applied(pixels), training=False))
    found = np.asarray(made(pixels, training=False))
    if expected.shape != found.shape:
        raise Refusal("it does not hand on one feature map")
    scale = float(np.abs(expected).max()) or 1.0
    difference = float(np.abs(found - expected).max()) / scale
    if not difference < _TOLERANCE or not math.isfinite(difference):
        raise Refusal(f"its layers laid flat give other numbers ({difference:.1e})")
