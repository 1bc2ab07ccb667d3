"""Checks what a preset of keras-hub says: its class, its settings, its scaling."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlgui.core.types import Floats
from tlgui.ml.foreign.refusal import Refusal
from tlgui.ml.foreign.settings_check import number

# Backbones for photos whose layers are plain ones once they are laid flat, and what
# their argument for the size of the photo is called.
BACKBONES: Mapping[str, str] = {
    "CSPNetBackbone": "image_shape",
    "DenseNetBackbone": "image_shape",
    "EfficientNetBackbone": "input_shape",
    "MobileNetBackbone": "image_shape",
    "ResNetBackbone": "image_shape",
    "VGGBackbone": "image_shape",
    "XceptionBackbone": "image_shape",
}
_PACKAGE = "keras_hub"
_LEFT_OUT = ("name", "trainable", "dtype", "image_shape", "input_shape")
_MOST_PARTS, _MOST_DEPTH, _MOST_NUMBER, _MOST_LETTERS = 64, 3, 65_536, 40
_MOST_SIDE, _USUAL_SIDE = 1_024, 224


@dataclass(frozen=True)
class Scaling:
    """How a preset wants its photos.

    Attributes:
        size: side of the square.
        factor: by which values 0..255 are multiplied, for each channel.
        shift: what is added then, for each channel.
    """

    size: int
    factor: tuple[float, float, float]
    shift: tuple[float, float, float]

    def layer(self) -> Any:
        """The same as a Keras layer."""
        import keras

        return keras.layers.Rescaling(
            list(self.factor), list(self.shift), name="input_rescaling"
        )

    def applied(self, pixels: Floats) -> Floats:
        """The same on RGB values 0..255, shape `(n, rows, columns, 3)`."""
        factor = np.asarray(self.factor, np.float32)
        return pixels * factor + np.asarray(self.shift, np.float32)

    def shape_for(self, name: str) -> dict[str, tuple[int, int, int]]:
        """The argument by which a backbone is told its input."""
        return {BACKBONES[name]: (self.size, self.size, 3)}


def backbone_settings(config: Any) -> tuple[str, dict[str, Any]]:
    """The class of a preset and its settings, as plain values.

    Args:
        config: the content of `config.json`.

    Raises:
        Refusal: it is another class, or a setting is no plain value.
    """
    name, settings = _named(config)
    if name not in BACKBONES:
        known = ", ".join(sorted(b.removesuffix("Backbone") for b in BACKBONES))
        raise Refusal(
            f"it is a preset of the class {name!a:.80}, which cannot be laid flat here",
            f"Choose a preset of one of {known}",
        )
    if settings.get("data_format") not in (None, "channels_last"):
        raise Refusal("it has its channels first, and they must be last here")
    kept = {
        key: _plain(value) for key, value in settings.items() if key not in _LEFT_OUT
    }
    kept.pop("data_format", None)
    shape = settings.get("image_shape", settings.get("input_shape"))
    if shape is not None and (not isinstance(shape, list) or shape[-1:] != [3]):
        raise Refusal("it takes pictures whose channels are not red, green and blue")
    return name, {**kept, "name": "hub"} | _shape(shape)


def _shape(shape: Any) -> dict[str, Any]:
    """Noted for `scaling_in`; `Scaling.shape_for` replaces it."""
    return {} if shape is None or None in shape else {"image_shape": shape}


def scaling_in(converter: Any, settings: Mapping[str, Any]) -> Scaling:
    """How a preset wants its photos.

    Args:
        converter: the content of `image_converter.json` or of `preprocessor.json`;
            None if there is none.
        settings: of the backbone.

    Raises:
        Refusal: it says something strange, or nothing.
    """
    if converter is None:
        raise Refusal(
            "it does not say how its photos are scaled (image_converter.json is "
            "missing)",
            "Save the preset again together with its preprocessor",
        )
    name, config = _named(converter)
    if "image_converter" in config:
        name, config = _named(config["image_converter"])
    if not name.endswith("ImageConverter"):
        raise Refusal(f"its preprocessing is {name!a:.80}, which is none for photos")
    try:
        return Scaling(
            _size(config.get("image_size") or settings.get("image_shape")),
            _three(config.get("scale"), 1.0),
            _three(config.get("offset"), 0.0),
        )
    except (ValueError, TypeError) as error:
        raise Refusal(f"its image converter is strange ({error})") from error


def is_of_hub(config: Any) -> bool:
    """Whether the content of a `config.json` is that of a preset of keras-hub."""
    registered = config.get("registered_name") if isinstance(config, dict) else None
    return isinstance(registered, str) and registered.startswith(f"{_PACKAGE}>")


def _named(value: Any) -> tuple[str, Mapping[str, Any]]:
    """Class and settings of an object of keras-hub.

    Raises:
        Refusal: it is an object of another package.
    """
    if not isinstance(value, dict) or not isinstance(value.get("config"), dict):
        raise Refusal("its description is not that of a preset")
    name, module = value.get("class_name"), value.get("module")
    ours = isinstance(module, str) and module.split(".")[0] == _PACKAGE
    registered = value.get("registered_name") == f"{_PACKAGE}>{name}"
    if not isinstance(name, str) or not ours or not registered:
        raise Refusal(f"it names {name!a:.80}, which is no class of keras-hub")
    return name, value["config"]


def _plain(value: Any, depth: int = 0) -> Any:
    """A number, a word, or lists of those.

    Raises:
        Refusal: it is something else, or larger than in any model.
    """
    if isinstance(value, list) and len(value) <= _MOST_PARTS and depth < _MOST_DEPTH:
        return [_plain(part, depth + 1) for part in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and abs(value) <= _MOST_NUMBER:
        return value
    if isinstance(value, str) and len(value) <= _MOST_LETTERS:
        return value
    raise Refusal(f"a setting of it is strange ({value!a:.60})")


def _size(value: Any) -> int:
    """The side of a square.

    Raises:
        ValueError, TypeError: it is none.
    """
    rows, columns = (value, value) if isinstance(value, int) else tuple(value)[:2]
    if type(rows) is not int or rows != columns or not 1 <= rows <= _MOST_SIDE:
        raise ValueError(f"expected a square photo, but found {rows} x {columns}")
    return rows


def _three(value: Any, usual: float) -> tuple[float, float, float]:
    """A value for each channel.

    Raises:
        ValueError: it is none.
    """
    check: Callable[[Any], float] = number
    parts = value if isinstance(value, list) else [usual if value is None else value]
    red, green, blue = (parts * 3)[:3] if len(parts) == 1 else map(check, parts)
    return check(red), check(green), check(blue)
