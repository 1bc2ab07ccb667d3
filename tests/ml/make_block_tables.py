"""Writes `resources/backbones/<name>.json`, the blocks and layers of each backbone.

The window and the command line show layers without TensorFlow, from these files.
Usage, after a change to a backbone or a new one in the catalogue:

    python -m tests.ml.make_block_tables
"""

import json
import math
from typing import Any

from tlgui import paths
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.ml.backbones import block_names, block_of, build_backbone
from tlgui.ml.start_file import digest_of


def make_table(name: str) -> str:
    """The text of one file, with one layer a line; preprocessing is left out."""
    model = build_backbone(find_backbone(name))
    lines = [
        "{",
        f'  "name": {json.dumps(name)},',
        f'  "input_size": {model.input_shape[1]},',
        f'  "features": {model.output_shape[-1]},',
        f'  "weights_digest": {json.dumps(_digest(model))},',
        '  "blocks": [',
    ]
    for block in block_names(name):
        layers = [layer for layer in model.layers if block_of(layer.name) == block]
        rows = [f"      {json.dumps(_describe(layer))}" for layer in layers]
        lines.append(f'    {{"name": {json.dumps(block)}, "layers": [')
        lines.append(",\n".join(rows))
        lines.append("    ]},")
    lines[-1] = "    ]}"
    return "\n".join([*lines, "  ]", "}", ""])


def _digest(model: Any) -> str:
    """By which the pretrained weights are known again in a file of others."""
    return digest_of(
        {la.name: tuple(la.get_weights()) for la in model.layers if la.weights}
    )


def _describe(layer: Any) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": type(layer).__name__,
        "parameters": layer.count_params(),
        "trainable_parameters": sum(
            math.prod(variable.shape) for variable in layer.trainable_weights
        ),
        "output_shape": list(layer.output.shape[1:]),
    }


if __name__ == "__main__":
    for catalogued in CATALOGUE:
        target = paths.resource_dir() / "backbones" / f"{catalogued}.json"
        target.write_text(make_table(catalogued), encoding="utf-8")
