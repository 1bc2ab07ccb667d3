"""Augmentation: small random changes that teach a model what does not matter.

Runs on decoded pictures with Pillow, in the decoding threads, so that the
preview in the window and the training show exactly the same thing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageEnhance

from tlgui.core.randaugment import randaugment
from tlgui.core.types import Pixels

# Changes when the same seed gives other pixels than before.
VERSION = 0

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "none": "Photos are used as they are.",
        "light": "Mirrored left to right, shifted, zoomed and tilted a little.",
        "strong": "Also turned and zoomed further, with other light and colours.",
        "randaugment": "Two changes at random out of fourteen, quite strong.",
    }
)


# How many views of a photo are kept for training: itself and variations of it.
VIEWS: Mapping[str, int] = MappingProxyType(
    {"none": 1, "light": 6, "strong": 10, "randaugment": 10}
)


@dataclass(frozen=True)
class _Strength:
    """The largest change of each kind."""

    degrees: float
    zoom: float
    shift: float
    colour: float


_STRENGTHS = {
    "light": _Strength(degrees=10, zoom=0.12, shift=0.06, colour=0.0),
    "strong": _Strength(degrees=25, zoom=0.30, shift=0.12, colour=0.35),
}


def augment(pixels: Pixels, name: str, generator: np.random.Generator) -> Pixels:
    """Changes one picture at random.

    Args:
        pixels: `uint8`, shape `(size, size, 3)`.
        name: one of `NAMES`.
        generator: decides everything that is random.

    Returns:
        A picture of the same shape and type.
    """
    if name == "none":
        return pixels
    image = Image.fromarray(pixels)
    if name == "randaugment":
        return np.asarray(randaugment(image, generator))
    strength = _STRENGTHS[name]
    if generator.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    image = _move(image, strength, generator)
    if strength.colour:
        image = _recolour(image, strength.colour, generator)
    return np.asarray(image)


def _move(
    image: Image.Image, strength: _Strength, generator: np.random.Generator
) -> Image.Image:
    """Turns, zooms and shifts about the centre, in one resampling."""
    size = image.width
    angle = math.radians(generator.uniform(-strength.degrees, strength.degrees))
    scale = 1.0 / generator.uniform(1.0, 1.0 + 2 * strength.zoom)
    shift_x, shift_y = generator.uniform(-strength.shift, strength.shift, 2) * size
    cos, sin, middle = math.cos(angle) * scale, math.sin(angle) * scale, size / 2
    matrix = (
        cos,
        -sin,
        middle - cos * middle + sin * middle + shift_x,
        sin,
        cos,
        middle - sin * middle - cos * middle + shift_y,
    )
    return _mirror_border(image).transform(
        (size, size),
        Image.Transform.AFFINE,
        _shifted(matrix, _border(size)),
        Image.Resampling.BILINEAR,
    )


def _border(size: int) -> int:
    return size // 4


def _mirror_border(image: Image.Image) -> Image.Image:
    """Continues the picture beyond its edges, so that no black corners appear."""
    border = _border(image.width)
    return Image.fromarray(
        np.pad(
            np.asarray(image), ((border, border), (border, border), (0, 0)), "reflect"
        )
    )


def _shifted(
    matrix: tuple[float, float, float, float, float, float], border: int
) -> tuple[float, float, float, float, float, float]:
    a, b, c, d, e, f = matrix
    return (a, b, c + border, d, e, f + border)


def _recolour(
    image: Image.Image, amount: float, generator: np.random.Generator
) -> Image.Image:
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(1.0 + generator.uniform(-amount, amount))
    return image
