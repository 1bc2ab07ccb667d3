"""RandAugment: a few operations out of many, all of the same strength.

https://arxiv.org/abs/1909.13719, section 3, with N = 2 operations of magnitude M = 9
of 10 after a mirroring, as its authors use them on ImageNet. Cutting holes is left out.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

OPERATIONS, MAGNITUDE = 2, 0.9
_GREY = (128, 128, 128)

# From a picture, a magnitude -0.9 or 0.9, to a picture.
Operation = Callable[[Image.Image, float], Image.Image]


def randaugment(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Changes one picture at random.

    Args:
        image: RGB.
        generator: decides everything that is random.
    """
    if generator.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for _ in range(OPERATIONS):
        operation = _OPERATIONS[int(generator.integers(len(_OPERATIONS)))]
        sign = 1.0 if generator.random() < 0.5 else -1.0
        image = operation(image, sign * MAGNITUDE)
    return image


def _moved(image: Image.Image, matrix: tuple[float, ...]) -> Image.Image:
    return image.transform(
        image.size,
        Image.Transform.AFFINE,
        matrix,
        Image.Resampling.BILINEAR,
        fillcolor=_GREY,
    )


def _shear_x(image: Image.Image, by: float) -> Image.Image:
    return _moved(image, (1, 0.3 * by, -0.15 * by * image.height, 0, 1, 0))


def _shear_y(image: Image.Image, by: float) -> Image.Image:
    return _moved(image, (1, 0, 0, 0.3 * by, 1, -0.15 * by * image.width))


def _shift_x(image: Image.Image, by: float) -> Image.Image:
    return _moved(image, (1, 0, 0.3 * by * image.width, 0, 1, 0))


def _shift_y(image: Image.Image, by: float) -> Image.Image:
    return _moved(image, (1, 0, 0, 0, 1, 0.3 * by * image.height))


def _turn(image: Image.Image, by: float) -> Image.Image:
    return image.rotate(30 * by, Image.Resampling.BILINEAR, fillcolor=_GREY)


def _enhance(kind: Callable[[Image.Image], ImageEnhance._Enhance]) -> Operation:
    return lambda image, by: kind(image).enhance(1.0 + 0.9 * by)


_OPERATIONS: tuple[Operation, ...] = (
    lambda image, by: image,
    lambda image, by: ImageOps.autocontrast(image),
    lambda image, by: ImageOps.equalize(image),
    lambda image, by: ImageOps.posterize(image, round(8 - 4 * abs(by))),
    lambda image, by: ImageOps.solarize(image, round(256 * (1 - abs(by)))),
    _enhance(ImageEnhance.Color),
    _enhance(ImageEnhance.Contrast),
    _enhance(ImageEnhance.Brightness),
    _enhance(ImageEnhance.Sharpness),
    _turn,
    _shear_x,
    _shear_y,
    _shift_x,
    _shift_y,
)
