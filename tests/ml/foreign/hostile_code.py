"""Files that want to run code: when they are opened, or when the model is used."""

import base64
import json
import marshal
import pickle
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import h5py
import numpy as np

from tests.ml.foreign.hostile import (
    Attack,
    Place,
    hdf5_file,
    keras_file,
    layer,
    sequential,
    weights,
    write_zip,
)


def payload(place: Place, result: str = "x") -> str:
    """A Python function, marshalled as Keras does it, that leaves its marker."""
    source = (
        f"lambda x, *a, **k: (__import__('os').close(__import__('os').open("
        f"{str(place.marker)!r}, 65)), {result})[1]"
    )
    outer = compile(source, "<attack>", "eval")
    code = next(part for part in outer.co_consts if isinstance(part, CodeType))
    return base64.encodebytes(marshal.dumps(code)).decode()


def bare_lambda(place: Place, result: str = "x") -> dict[str, Any]:
    """A lambda function where Keras expects a function or an object."""
    value = [payload(place, result), None, None]
    return {"class_name": "__lambda__", "config": {"value": value}}


def lambda_layer(place: Place) -> dict[str, Any]:
    code = {"code": payload(place), "defaults": None, "closure": None}
    return layer(
        "Lambda",
        name="attack",
        function={"class_name": "__lambda__", "config": code},
        arguments={},
    )


def _inside(place: Place) -> dict[str, Any]:
    inner = sequential(lambda_layer(place))
    inner["config"]["layers"].pop()
    return sequential(inner)


def _unbuilt(place: Place) -> dict[str, Any]:
    model = sequential(lambda_layer(place))
    model["config"]["layers"].pop(0)
    model.pop("build_config")
    return model


def _dense(place: Place, key: str, result: str = "x") -> dict[str, Any]:
    attack = {key: bare_lambda(place, result)}
    return sequential(layer("Dense", units=4, name="attack", **attack))


def _function(module: str, name: str, registered: str | None = None) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": registered or name,
    }


def _activation(module: str, name: str) -> Callable[[Place], Any]:
    function = _function(module, name)
    return lambda _: sequential(
        layer("Dense", units=4, name="attack", activation=function)
    )


def _compiled(place: Place) -> dict[str, Any]:
    loss = {
        "module": "keras.src.losses.losses",
        "class_name": "LossFunctionWrapper",
        "config": {"fn": bare_lambda(place, "x * 0.0"), "name": "attack"},
        "registered_name": None,
    }
    optimizer = layer("SGD", "keras.optimizers", learning_rate=0.1)
    return {**sequential(), "compile_config": {"optimizer": optimizer, "loss": loss}}


def _legacy(place: Place) -> Path:
    """A whole-model `.h5` of Keras 2 with a Lambda layer."""

    def fill(file: h5py.File, place: Place) -> None:
        lambda_config = {
            "name": "attack",
            "function": [payload(place), None, None],
            "function_type": "lambda",
            "arguments": {},
        }
        model = {
            "class_name": "Sequential",
            "config": {
                "name": "stranger",
                "layers": [
                    {
                        "class_name": "InputLayer",
                        "config": {"batch_shape": [None, 4], "name": "numbers"},
                    },
                    {"class_name": "Lambda", "config": lambda_config},
                ],
            },
        }
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.create_group("model_weights").attrs["layer_names"] = np.array([b"attack"])

    return hdf5_file(fill, ".h5")(place)


def _subclassed(_: Place) -> dict[str, Any]:
    return {**layer("Evil", "evil.models"), "registered_name": "other>Model"}


def _saved_model_layer(place: Place) -> dict[str, Any]:
    return sequential(
        layer(
            "TFSMLayer",
            name="attack",
            filepath=str(place.secrets / "saved"),
            call_endpoint="serve",
        )
    )


def _lookup(place: Place) -> dict[str, Any]:
    return sequential(
        layer(
            "StringLookup",
            name="attack",
            vocabulary=str(place.secrets / "secret.txt"),
            oov_token="[UNK]",
        )
    )


def _typespec(_: Place) -> dict[str, Any]:
    spec = {
        "class_name": "__typespec__",
        "spec_name": "Popen",
        "module": "subprocess",
        "registered_name": None,
        "config": [["true"]],
    }
    return sequential(layer("Dense", units=4, name="attack", activation=spec))


# -- pickles under many names --------------------------------------------------


class _Runs:
    """An object whose pickle makes a file when it is opened."""

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.open, (self.marker, 65)


def _pickle(suffix: str, protocol: int = 4) -> Callable[[Place], Path]:
    def build(place: Place) -> Path:
        path = place.file(suffix)
        path.write_bytes(pickle.dumps(_Runs(place.marker), protocol))
        return path

    return build


def _torch(suffix: str) -> Callable[[Place], Path]:
    def build(place: Place) -> Path:
        data = pickle.dumps(_Runs(place.marker), 2)
        return write_zip(
            place.file(suffix), [("archive/data.pkl", data), ("archive/version", b"3")]
        )

    return build


def _npz(suffix: str) -> Callable[[Place], Path]:
    def build(place: Place) -> Path:
        path = place.file(suffix)
        objects = np.array([_Runs(place.marker)], dtype=object)
        with path.open("wb") as stream:
            np.savez(stream, allow_pickle=True, objects=objects)
        return path

    return build


def _npz_weights(place: Place) -> Path:
    """Keras can keep weights as `.npz` as well."""
    inner = _npz(".npz")(place)
    parts = [
        ("metadata.json", b"{}"),
        ("config.json", json.dumps(sequential()).encode()),
    ]
    return write_zip(
        place.file(".keras"), [*parts, ("model.weights.npz", inner.read_bytes())]
    )


def _saved_model(place: Place) -> Path:
    """A folder whose protocol buffer holds a function that writes a file."""
    return place.secrets / "saved"


def _text(suffix: str, data: bytes) -> Callable[[Place], Path]:
    def build(place: Place) -> Path:
        path = place.file(suffix)
        path.write_bytes(data)
        return path

    return build


CODE = "program code"
UNKNOWN = "none of the layers"


def _two_layers(file: h5py.File) -> None:
    for name, shape in (("dense", (4, 4)), ("dense_1", (4, 2))):
        group = file.create_group(f"layers/{name}/vars")
        group["0"], group["1"] = np.ones(shape, "float32"), np.ones(shape[1], "float32")


_TWO_LAYERS = weights(_two_layers)
ATTACKS = (
    Attack(
        "lambda_layer", keras_file(lambda p: sequential(lambda_layer(p))), "load", CODE
    ),
    Attack("lambda_layer_inside", keras_file(_inside), "load", CODE),
    Attack(
        "lambda_layer_on_call",
        keras_file(_unbuilt, weights(lambda file: None)),
        "load_and_call",
        CODE,
    ),
    Attack("lambda_layer_keras2", _legacy, "load", "Lambda layer"),
    Attack(
        "lambda_activation_on_call",
        keras_file(lambda p: _dense(p, "activation"), _TWO_LAYERS),
        "load_and_call",
        CODE,
    ),
    Attack(
        "lambda_initializer",
        keras_file(
            lambda p: _dense(p, "kernel_initializer", "__import__('numpy').ones(x)"),
            _TWO_LAYERS,
        ),
        "load",
        CODE,
        fires=False,  # Keras wants an initializer of its own there
    ),
    Attack(
        "lambda_regularizer",
        keras_file(lambda p: _dense(p, "kernel_regularizer", "0.0"), _TWO_LAYERS),
        "load_and_call",
        CODE,
        fires=False,
    ),
    Attack("lambda_loss_on_training", keras_file(_compiled), "load_and_train", UNKNOWN),
    Attack(
        "registered_custom_class",
        keras_file(
            lambda p: sequential(
                {**layer("Evil", "evil"), "registered_name": "evil>Evil"}
            )
        ),
        "load_with_registered",
        UNKNOWN,
    ),
    Attack(
        "module_outside_keras",
        keras_file(lambda _: sequential(layer("Evil", "keras_hub.evil"))),
        "load_with_package",
        UNKNOWN,
    ),
    Attack("custom_model", keras_file(_subclassed), "load", UNKNOWN, fires=False),
    Attack(
        "os_system",
        keras_file(_activation("os", "system")),
        "load",
        "the function 'system'",
        fires=False,
    ),
    Attack(
        "builtin_eval",
        keras_file(_activation("builtins", "eval")),
        "load",
        "the function 'eval'",
        fires=False,
    ),
    Attack(
        "download",
        keras_file(_activation("keras.utils", "get_file")),
        "load",
        "the function 'get_file'",
        fires=False,
    ),
    Attack(
        "unsafe_switch",
        keras_file(_activation("keras.config", "enable_unsafe_deserialization")),
        "load",
        "the function 'enable_unsafe",
        fires=False,
    ),
    Attack("typespec", keras_file(_typespec), "load", UNKNOWN, fires=False),
    Attack(
        "torch_wrapper",
        keras_file(lambda _: sequential(layer("TorchModuleWrapper", module="x"))),
        "load",
        "opens a pickle",
        fires=False,
    ),
    Attack(
        "saved_model_layer",
        keras_file(_saved_model_layer),
        "load_and_call",
        "another SavedModel",
    ),
    Attack("vocabulary_file", keras_file(_lookup), "load_vocabulary", UNKNOWN),
    Attack("saved_model", _saved_model, "call_saved_model", "SavedModel folder"),
    Attack("pickle", _pickle(".pkl"), "unpickle", "a pickle"),
    Attack("pickle_as_keras", _pickle(".keras"), "unpickle", "a pickle"),
    Attack("pickle_as_h5", _pickle(".h5"), "unpickle", "a pickle"),
    Attack("old_pickle_as_h5", _pickle(".h5", 0), "unpickle", "something else"),
    Attack("pickle_as_pth", _pickle(".pth"), "unpickle", "a PyTorch file"),
    Attack("torch_zip", _torch(".pt"), "unpickle_zip", "a PyTorch file"),
    Attack("torch_zip_as_keras", _torch(".keras"), "unpickle_zip", "data.pkl"),
    Attack("npz_objects", _npz(".npz"), "load_numpy", "a numpy archive"),
    Attack("npz_objects_as_keras", _npz(".keras"), "load_numpy", "objects.npy"),
    Attack("npz_objects_as_h5", _npz(".h5"), "load_numpy", "a zip archive"),
    Attack("npz_weights", _npz_weights, "load_inner_numpy", "model.weights.npz"),
)
