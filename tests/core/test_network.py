"""Networks of one's own: a name is a checksum, and nothing strange is taken."""

import json
from pathlib import Path
from typing import Any

import pytest

from tlgui import paths
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.network import (
    NETWORK,
    Network,
    adopt_network,
    is_network,
    keep_network,
    make_network,
    write_network,
)
from tlgui.core.spec import TrainingSpec, read_spec


def layer(**changes: Any) -> dict[str, Any]:
    sizes = {"parameters": 100, "trainable_parameters": 100}
    return {"name": "a_b", "kind": "Dense", **sizes, "output_shape": [8], **changes}


def made(**changes: Any) -> Network:
    values: dict[str, Any] = {"title": "Own network, 28 × 28", "input_size": 28}
    values |= {"features": 8, "model": {}}
    values |= {"blocks": [{"name": "dense1", "layers": [layer()]}]} | changes
    return make_network(**values)


def test_it_is_a_backbone_once_it_is_kept() -> None:
    network = made()
    assert is_network(network.name)
    assert not is_network("efficientnet-lite0")
    with pytest.raises(TlguiError, match="not known on this computer"):
        find_backbone(network.name)
    keep_network(network)
    backbone = find_backbone(network.name)
    assert (backbone.input_size, backbone.features) == (28, 8)
    assert (backbone.parameters, backbone.weights_path) == (100, None)
    assert backbone.blocks[0].fields == (1, 1), "a vector sees the photo as one field"
    with pytest.raises(TlguiError, match=r"one of your own.*--start"):
        TrainingSpec("x", backbone=network.name).check()
    TrainingSpec("x", backbone=network.name, start="/models/digits").check()


def test_another_content_is_another_name() -> None:
    assert made().name == made().name
    assert made().name != made(features=9).name


@pytest.mark.parametrize("in_project", [False, True])
def test_a_spec_brings_its_network_along(tmp_path: Path, in_project: bool) -> None:
    network = made()
    keep_network(network)
    run = tmp_path / "runs" / "one" if in_project else tmp_path
    run.mkdir(parents=True, exist_ok=True)
    write_network(network.name, run)
    write_network("efficientnet-lite0", tmp_path / "nowhere")
    spec = TrainingSpec("x", backbone=network.name, start="/models/digits")
    file = tmp_path / ("project.json" if in_project else "spec.json")
    file.write_text(json.dumps(spec.to_json()), encoding="utf-8")
    (known,) = (paths.models_dir() / ".networks").iterdir()
    known.unlink()
    assert read_spec(file) == spec
    assert known.read_bytes() == network.content


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"version": 2}', b"[" * 100_000, b"\xff"]
)
def test_a_strange_file_is_not_adopted(tmp_path: Path, content: bytes) -> None:
    network = made()
    (tmp_path / NETWORK).write_bytes(content)
    adopt_network(network.name, [tmp_path, tmp_path / "nowhere"])
    with pytest.raises(TlguiError, match="not known on this computer"):
        find_backbone(network.name)
    keep_network(network)
    (known,) = (paths.models_dir() / ".networks").iterdir()
    known.write_bytes(content)
    with pytest.raises(TlguiError, match="is damaged"):
        find_backbone(network.name)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "<img src=x>"},
        {"title": "x" * 101},
        {"input_size": 0},
        {"input_size": 5_000},
        {"input_size": 28.0},
        {"features": True},
        {"blocks": []},
        {"blocks": [{"name": "a", "layers": []}]},
        {"blocks": [{"name": "<b>", "layers": [layer()]}]},
        {"blocks": [{"name": "a", "layers": [layer(name="x/y")]}]},
        {"blocks": [{"name": "a", "layers": [layer(parameters=-1)]}]},
        {"blocks": [{"name": "a", "layers": [layer(output_shape=[])]}]},
        {"blocks": [{"name": "a", "layers": [layer(output_shape=[0])]}]},
        {"blocks": [{"name": "a", "layers": [layer()]}] * 201},
    ],
)
def test_values_out_of_bounds(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"it has|a layer|a part|a whole number"):
        made(**changes)
