"""Checks every class that an architecture names, wherever it names it.

The description of a model (`config.json`, or the attribute `model_config` of an
older file) is what Keras would turn into objects. Here it is only read. A class
outside the lists of `allowed` refuses the file: Lambda layers, functions with
code in them, anything registered or custom, anything of another package.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tlgui.ml.foreign import allowed
from tlgui.ml.foreign.refusal import Refusal

_CODE_ADVICE = (
    "Ask its author for a model without layers of their own, or only for its weights "
    "(.weights.h5) and the name of its architecture"
)
_CARRIES_CODE = {
    "Lambda": "a Lambda layer, which is program code that would run on this computer",
    "__lambda__": "a lambda function, which is program code that would run here",
    "TFSMLayer": "a layer that runs another SavedModel",
    "TorchModuleWrapper": "a layer that opens a pickle",
    "TFOpLambda": "a TensorFlow operation of Keras 2, which Keras 3 cannot name",
}


def check_config(config: Any) -> Mapping[str, Any]:
    """Checks the description of a model, and drops what is not its architecture.

    Args:
        config: parsed by `bounded_json`.

    Returns:
        The description without `compile_config`.

    Raises:
        Refusal: it is not a model's, or names a class that is not allowed.
    """
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise Refusal("its description is not that of a Keras model")
    compiled = config.get("compile_config")
    architecture = {k: v for k, v in config.items() if k != "compile_config"}
    _check_objects(compiled, allowed.COMPILED)
    _check_objects(architecture, allowed.ARCHITECTURE)
    if config["class_name"] not in ("Functional", "Sequential", "Model"):
        raise Refusal(
            f"its outermost part is {config['class_name']!a:.80}, not a Sequential or "
            "Functional model",
            _CODE_ADVICE,
        )
    return architecture


def _check_objects(root: Any, classes: frozenset[allowed.Identity]) -> None:
    for value in _dictionaries(root):
        if "class_name" in value:
            _check_class(value, classes)
        elif "registered_name" in value or "module" in value:
            raise Refusal("its description names an object without a class")


def _dictionaries(root: Any) -> Iterator[Mapping[str, Any]]:
    """Every JSON object below `root`, without recursion."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _check_class(
    value: Mapping[str, Any], classes: frozenset[allowed.Identity]
) -> None:
    name, module = value["class_name"], value.get("module")
    registered = value.get("registered_name")
    if name == "function":
        _check_function(value)
        return
    known = isinstance(name, str) and isinstance(module, str | None)
    if not known or (module, name) not in classes:
        code = _CARRIES_CODE.get(name) if isinstance(name, str) else None
        where = f"{module}.{name}" if module else name
        raise Refusal(
            f"it holds {code}"
            if code
            else f"it names {where!a:.100}, which is none "
            "of the layers and settings that are known here",
            _CODE_ADVICE,
        )
    if registered not in (None, name):
        raise Refusal(f"it names the custom class {registered!a:.80}", _CODE_ADVICE)


def _check_function(value: Mapping[str, Any]) -> None:
    name = value.get("config")
    ours = value.get("module") in (None, "builtins", "keras.activations")
    if not ours or name not in allowed.FUNCTIONS:
        raise Refusal(f"it names the function {name!a:.80}", _CODE_ADVICE)
    if value.get("registered_name") not in (None, "function", name):
        raise Refusal(f"it names a custom function as {name!a:.80}", _CODE_ADVICE)
