"""Weights find their layers, and what does not fit is named."""

from typing import Any

import numpy as np
import pytest

from tlgui.ml.foreign.matching import assign_matched, match_weights
from tlgui.ml.foreign.saved_layers import SavedLayer

pytestmark = pytest.mark.tf


def classifier(classes: int = 3, prefix: str = "") -> Any:
    """Two blocks of two equal layers, and a head."""
    import keras

    x = inputs = keras.Input((6,))
    for name in ("block1_a", "block1_b", "block2_a", "block2_b"):
        x = keras.layers.Dense(6, name=prefix + name)(x)
    outputs = keras.layers.Dense(classes, name=f"{prefix}head_output")(x)
    return keras.Model(inputs, outputs)


def saved(model: Any, *, named: bool = True, placed: bool = True) -> list[SavedLayer]:
    layers = [layer for layer in model.layers if layer.weights]
    result = []
    for index, layer in enumerate(layers):
        place = f"layers/dense_{index}" if index else "layers/dense"
        arrays = tuple(np.asarray(weight) for weight in layer.weights)
        name = layer.name if named else place
        result.append(SavedLayer(name, place if placed else f"other/{index}", arrays))
    return result


def kernels(model: Any) -> list[Any]:
    return [weight.numpy() for weight in model.weights]


@pytest.mark.parametrize(
    ("named", "placed"), [(True, False), (False, True), (False, False)]
)
def test_layers_are_found_by_name_by_place_and_by_order(
    named: bool, placed: bool
) -> None:
    source, target = classifier(), classifier()
    report = match_weights(saved(source, named=named, placed=placed), target)
    assert report.sentence() == "5 of 5 layers matched."
    assign_matched(report, target)
    for ours, theirs in zip(kernels(target), kernels(source), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_names_go_before_order() -> None:
    source, target = classifier(), classifier()
    shuffled = [saved(source)[i] for i in (4, 2, 0, 3, 1)]
    assign_matched(match_weights(shuffled, target), target)
    for ours, theirs in zip(kernels(target), kernels(source), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_head_for_other_classes_stays_new() -> None:
    source, target = classifier(7), classifier(3)
    before = target.get_layer("head_output").weights[0].numpy()
    report = match_weights(saved(source), target)
    assert report.new == report.unused == ("head_output",)
    assert report.sentence() == (
        "4 of 5 layers matched. New, to be trained on your photos: head_output."
    )
    assign_matched(report, target)
    after = target.get_layer("head_output").weights[0].numpy()
    np.testing.assert_array_equal(before, after)


def test_order_does_not_guess_between_too_many() -> None:
    """Five layers of the same shapes for four places: nobody knows which."""
    source, target = classifier(6), classifier(3)
    report = match_weights(saved(source, named=False, placed=False), target)
    assert report.matched == ()
    assert report.sentence() == (
        "0 of 5 layers matched. The file is of another architecture."
    )


def test_strange_letters_in_names_are_taken_for_underlines() -> None:
    renamed = [
        SavedLayer(one.name.replace("_", "/"), f"x/{one.name}", one.weights)
        for one in saved(classifier())
    ]
    assert not match_weights(renamed, classifier()).new


def test_names_with_slashes_and_paths() -> None:
    source = classifier()
    renamed = [
        SavedLayer(f"model/{one.name}", f"x/{one.name}", one.weights)
        for one in saved(source)
    ]
    assert not match_weights(renamed, classifier()).new


def test_blocks_are_matched_one_by_one() -> None:
    """Within a block order is enough, whatever other blocks look like."""
    source = classifier()
    layers = [
        SavedLayer(f"{one.name.split('_')[0]}_{index}", f"x/{index}", one.weights)
        for index, one in enumerate(saved(source))
        if one.name != "block2_a"
    ]
    report = match_weights(layers, classifier())
    assert [match.layer for match in report.matched] == [
        "block1_a",
        "block1_b",
        "head_output",
    ]


def test_models_inside_a_model_are_looked_into() -> None:
    import keras

    inner = classifier(6)
    outer = keras.Sequential([keras.Input((6,)), inner, keras.layers.Dense(2)])
    report = match_weights(saved(inner), outer)
    assert len(report.matched) == 5
    assert report.total == 6
