import dataclasses
from pathlib import Path

import pytest

from tlgui.core.catalogue import CATALOGUE, DEFAULT_BACKBONE, find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.task import TASKS


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_backbone_is_found_by_the_name_it_bears(name: str) -> None:
    assert find_backbone(name).name == name


def test_the_default_is_in_the_catalogue() -> None:
    assert DEFAULT_BACKBONE in CATALOGUE


def test_an_unknown_backbone_lists_those_there_are() -> None:
    with pytest.raises(TlguiError) as raised:
        find_backbone("resnet")
    message = str(raised.value)
    assert "“resnet”" in message
    assert all(name in message for name in CATALOGUE)


def test_a_misspelt_backbone_is_guessed() -> None:
    with pytest.raises(TlguiError, match="Did you mean “efficientnet-lite1”"):
        find_backbone("efficientnetlite1")


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_a_card_shows_is_there(name: str) -> None:
    backbone = find_backbone(name)
    assert backbone.task in TASKS
    assert backbone.title
    assert backbone.good_for
    assert 0 < backbone.top1 < 1
    assert backbone.top1_source.startswith("https://")
    assert backbone.size_to_download > 1_000_000
    assert len(backbone.weights_id) in (32, 64)
    assert set(backbone.weights_id) <= set("0123456789abcdef")
    assert backbone.licence


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_blocks_run_from_the_input_to_the_features(name: str) -> None:
    backbone = find_backbone(name)
    blocks = backbone.blocks
    names = [block.name for block in blocks]
    layers = [layer.name for block in blocks for layer in block.layers]
    assert len(set(names)) == len(names)
    assert 2 <= len(names) <= 24
    assert len(set(layers)) == len(layers)
    sides = [block.output_shape[0] for block in blocks]
    assert sides == sorted(sides, reverse=True)
    assert blocks[-1].output_shape[-1] == backbone.features


def test_the_smallest_backbone_has_its_published_size() -> None:
    with_head = find_backbone("efficientnet-lite0").parameters + 1281 * 1000
    assert round(with_head / 1e6, 1) == 4.7


def test_a_larger_backbone_has_more_parameters_and_is_more_accurate() -> None:
    backbones = [find_backbone(f"efficientnet-lite{index}") for index in range(3)]
    for key in ("parameters", "top1", "input_size", "download_bytes"):
        values = [getattr(backbone, key) for backbone in backbones]
        assert values == sorted(set(values))


@pytest.fixture
def weights_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the right name without any weights in it."""
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "some_weights"
    package.mkdir()
    (package / "__init__.py").touch()
    return package


def test_weights_are_on_this_computer_once_their_file_is(
    weights_package: Path,
) -> None:
    backbone = dataclasses.replace(
        find_backbone(DEFAULT_BACKBONE), weights_package=weights_package.name
    )
    assert backbone.weights_path is None
    file = weights_package / backbone.weights_file
    file.parent.mkdir()
    file.touch()
    assert backbone.weights_path == file


def test_weights_of_a_missing_package_are_not_on_this_computer() -> None:
    backbone = dataclasses.replace(
        find_backbone(DEFAULT_BACKBONE), weights_package="no_such_package"
    )
    assert backbone.weights_path is None
