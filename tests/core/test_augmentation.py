import numpy as np
import pytest
from PIL import Image

from tlgui.core import randaugment
from tlgui.core.augmentation import NAMES, VIEWS, augment

PICTURE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)


def changed(name: str, seed: int) -> np.ndarray:
    return augment(PICTURE, name, np.random.default_rng(seed))


@pytest.mark.parametrize("name", list(NAMES))
def test_shape_and_type_stay(name: str) -> None:
    assert changed(name, 1).shape == PICTURE.shape
    assert changed(name, 1).dtype == np.uint8


def test_none_changes_nothing() -> None:
    np.testing.assert_array_equal(changed("none", 1), PICTURE)


@pytest.mark.parametrize("name", ["light", "strong", "randaugment"])
def test_the_generator_decides(name: str) -> None:
    np.testing.assert_array_equal(changed(name, 1), changed(name, 1))
    assert (changed(name, 1) != changed(name, 2)).any()


def test_no_black_corners_appear() -> None:
    white = np.full((64, 64, 3), 255, np.uint8)
    for seed in range(50):
        light = augment(white, "light", np.random.default_rng(seed))
        assert light.min() == 255


def test_a_mirrored_half_stays_recognisable() -> None:
    halves = np.zeros((64, 64, 3), np.uint8)
    halves[:, 32:] = 255
    flipped = sum(
        int(augment(halves, "light", np.random.default_rng(seed))[32, 4].mean() > 128)
        for seed in range(100)
    )
    assert 30 < flipped < 70


def test_light_keeps_the_colours_and_strong_does_not() -> None:
    grey = np.full((64, 64, 3), 120, np.uint8)
    generators = [np.random.default_rng(seed) for seed in range(20)]
    light = {int(augment(grey, "light", g).mean()) for g in generators}
    strong = {int(augment(grey, "strong", g).mean()) for g in generators}
    assert light == {120}
    assert len(strong) > 5


def test_randaugment_uses_all_its_operations() -> None:
    found = {changed("randaugment", seed).tobytes() for seed in range(60)}
    assert len(found) > 50
    image = Image.fromarray(PICTURE)
    for operation in randaugment._OPERATIONS:
        for by in (-0.9, 0.9):
            made = operation(image, by)
            assert (made.size, made.mode) == (image.size, image.mode)


def test_every_augmentation_has_its_number_of_views() -> None:
    assert VIEWS.keys() == NAMES.keys()
    assert VIEWS["none"] == 1
