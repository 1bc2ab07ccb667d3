"""Prepares the bundled pretrained models, so that a first run need not.

    python installer/prepare_models.py [FOLDER]

Run by the package builds, with the program installed. Writes, for every bundled
backbone, its frozen layers converted for LiteRT and the Keras file that a trained
head is put into, 28 to 40 MB each. On its first use a computer still compares the
converted layers with Keras' own on the person's pictures.
"""

import sys
from collections.abc import Collection
from pathlib import Path

from tlgui.core.catalogue import CATALOGUE
from tlgui.ml.cuts import POOLED, Cut
from tlgui.ml.model_template import find_template
from tlgui.ml.prefix import convert_prefix

BUNDLED = Path(__file__).resolve().parent.parent / "resources" / "prefixes"


def prepare(folder: Path, names: Collection[str] | None = None) -> list[Path]:
    """Writes what is not there yet.

    Args:
        folder: is made if need be.
        names: of the backbones; None for all.

    Returns:
        Every file that is there now.
    """
    for backbone in CATALOGUE.values():
        wanted = names is None or backbone.name in names
        is_bundled = backbone.published is None and backbone.weights_path is not None
        if wanted and is_bundled:
            convert_prefix(Cut(backbone, POOLED), [folder])
            find_template(backbone, [folder])
    return sorted(folder.iterdir())


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else BUNDLED
    for file in prepare(folder):
        print(f"{file.stat().st_size / 1e6:6.1f} MB  {file}")


if __name__ == "__main__":
    main()
