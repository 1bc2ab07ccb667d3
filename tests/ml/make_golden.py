"""Writes `golden/<name>.npz`: what the reference code answers to three pictures.

The reference is PyTorch running the code of the package efficientnet-lite-pytorch
on the very weights files that our models read. It and TensorFlow do not meet in one
process. Usage, where `pip install .[parity]` was done:

    python -m tests.ml.make_golden [FOLDER]

A file holds `pictures` (their names) and `picture_digests` (so that a picture that
came out different is not taken for a model that did), `logits` (pictures, 1000),
`features` (pictures, 1280; pooled) and `weights_digest` (over all tensors as PyTorch
reads them). The pictures are made again when they are needed.
"""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import find_backbone

Array = np.ndarray[Any, np.dtype[Any]]

FOLDER = Path(__file__).parent / "golden"
NAMES = ("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2")


def make_pictures(size: int) -> dict[str, Array]:
    """Noise, a temple and a flower, each uint8 of shape `(size, size, 3)`.

    The noise comes from the generator whose stream numpy has promised to keep
    (https://numpy.org/neps/nep-0019-rng-policy.html); the photographs by
    scikit-learn are resized whole, without keeping their proportions.
    """
    from sklearn.datasets import load_sample_image

    noise = np.random.RandomState(20).randint(0, 256, (size, size, 3), np.uint8)
    pictures = {"noise": noise}
    for name in ("china", "flower"):
        photo = Image.fromarray(load_sample_image(f"{name}.jpg"))
        resized = photo.resize((size, size), Image.Resampling.BICUBIC)
        pictures[name] = np.asarray(resized)
    return pictures


def digest_picture(picture: Array) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()


def digest_weights(tensors: Mapping[str, Array]) -> str:
    """One checksum over the tensors' names, types, shapes and numbers."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}\n".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()


def write_golden(backbone: Backbone, folder: Path) -> None:
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    tensors = torch.load(backbone.weights_path, weights_only=True)
    reference = EfficientNet.from_name(backbone.name).eval()
    reference.load_state_dict(tensors)
    pictures = make_pictures(backbone.input_size)
    values = np.stack(list(pictures.values())).astype(np.float32)
    inputs = torch.from_numpy((values - 127) / 128).permute(0, 3, 1, 2)
    with torch.inference_mode():
        features = reference.extract_features(inputs).mean((2, 3))
        logits = reference(inputs)
    np.savez_compressed(
        folder / f"{backbone.name}.npz",
        pictures=list(pictures),
        picture_digests=[digest_picture(picture) for picture in pictures.values()],
        logits=logits.numpy(),
        features=features.numpy(),
        weights_digest=digest_weights({n: t.numpy() for n, t in tensors.items()}),
    )


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for each in NAMES:
        write_golden(find_backbone(each), out)
