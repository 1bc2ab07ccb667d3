"""Writes `resources/backbones/<name>.json`, the blocks and layers of each backbone.

The window and the command line show layers without TensorFlow, from these files.
Usage, after a change to a backbone or a new one in the catalogue:

    python -m tests.ml.make_block_tables [NAME…]
"""

import json
import sys
from typing import Any

from tlgui import paths
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.ml.backbones import build_backbone
from tlgui.ml.block_table import table_of
from tlgui.ml.start_file import digest_of


def make_table(name: str) -> str:
    """The text of one file, with one layer a line; preprocessing is left out."""
    backbone = find_backbone(name)
    is_brought = backbone.published is None
    model = build_backbone(backbone, pretrained=is_brought)
    digest = _digest(model) if is_brought else ""  # nobody has them while it is made
    lines = [
        "{",
        f'  "name": {json.dumps(name)},',
        f'  "input_size": {model.input_shape[1]},',
        f'  "features": {model.output_shape[-1]},',
        f'  "weights_digest": {json.dumps(digest)},',
        '  "blocks": [',
    ]
    for block in table_of(model):
        rows = [f"      {json.dumps(layer)}" for layer in block["layers"]]
        lines.append(f'    {{"name": {json.dumps(block["name"])}, "layers": [')
        lines.append(",\n".join(rows))
        lines.append("    ]},")
    lines[-1] = "    ]}"
    return "\n".join([*lines, "  ]", "}", ""])


def _digest(model: Any) -> str:
    """By which the pretrained weights are known again in a file of others."""
    return digest_of(
        {la.name: tuple(la.get_weights()) for la in model.layers if la.weights}
    )


if __name__ == "__main__":
    for catalogued in sys.argv[1:] or CATALOGUE:
        target = paths.resource_dir() / "backbones" / f"{catalogued}.json"
        target.write_text(make_table(catalogued), encoding="utf-8")
