"""How often the ranking without training names the model that trains best.

    python -m tests.benchmarks.ranking SHARED [--save]

SHARED holds `hymenoptera`, `sign-digits` and `blood-cells`. Out of these come the
tasks: all of each (of the blood cells every boxed cell is a photo), and parts of some
classes or few photos. On each task every backbone whose weights are here is ranked by
the training photos, and a head is trained on it three times; the mean accuracy on the
validation photos is what counts. Times do not matter here.
"""

import argparse
import random
import statistics
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from tests.benchmarks.kept_results import machine, write_results
from tests.benchmarks.strategies import with_validation
from tlgui.core.catalogue import CATALOGUE
from tlgui.core.dataset import files_below

NAME = "ranking"
_SEEDS, _PARTS, _CLASSES, _FEW = 3, 8, 4, 12
_CELLS = 250


def cells(source: Path, place: Path) -> Path:
    """Every boxed cell as a photo, at most so many of a kind."""
    found: dict[str, int] = {}
    for file in sorted((source / "Annotations").glob("*.xml")):
        photo = source / "JPEGImages" / f"{file.stem}.jpg"
        if not photo.exists():
            continue
        with Image.open(photo) as opened:
            for box in ET.parse(file).getroot().iter("object"):
                name = box.findtext("name", "")
                left, top, right, bottom = (
                    int(box.findtext(f"bndbox/{edge}", "0"))
                    for edge in ("xmin", "ymin", "xmax", "ymax")
                )
                number = found.get(name, 0)
                too_small = right - left < 8 or bottom - top < 8
                if too_small or number >= _CELLS:
                    continue
                found[name] = number + 1
                (place / name).mkdir(parents=True, exist_ok=True)
                opened.crop((left, top, right, bottom)).save(
                    place / name / f"{number:04}.png"
                )
    return place


def part(source: Path, place: Path, seed: int, few: int | None) -> Path:
    """Some classes of a data set that has `train/` and `val/`; of few photos if so.

    Args:
        source: the data set.
        place: where links are made.
        seed: decides which classes.
        few: training photos of each class; None for all.
    """
    generator = random.Random(seed)
    names = sorted(path.name for path in (source / "train").iterdir() if path.is_dir())
    for name in generator.sample(names, min(_CLASSES, len(names))):
        for split in ("train", "val"):
            files = sorted(files_below(source / split / name))
            if split == "train" and few is not None:
                files = generator.sample(files, min(few, len(files)))
            for file in files:
                target = place / split / name / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(file)
    return place


def tasks(shared: Path, work: Path) -> Iterator[tuple[str, Path]]:
    """Names of tasks, and their folders."""
    photos = cells(shared / "blood-cells", work / "cells")
    whole = {
        "hymenoptera": shared / "hymenoptera",
        "sign-digits": with_validation(shared / "sign-digits", work / "digits"),
        "blood cells": with_validation(photos, work / "blood"),
    }
    yield from whole.items()
    for seed in range(_PARTS):
        source = whole["sign-digits"]
        name = f"{_CLASSES} signs, choice {seed + 1}"
        yield name, part(source, work / f"signs-{seed}", seed, None)
    for title, source in whole.items():
        for seed in range(2):
            name = f"{title}, {_FEW} photos a class, choice {seed + 1}"
            yield name, part(source, work / f"few-{title}-{seed}", seed, _FEW)


def measure(data: Path, work: Path) -> dict[str, Any]:
    """Ranks on one task, and trains."""
    from tlgui.core.scan import scan
    from tlgui.core.spec import TrainingSpec
    from tlgui.core.task import IMAGE_CLASSIFICATION
    from tlgui.ml.ranking import rank_backbones
    from tlgui.ml.training import train

    here = [one for one in CATALOGUE.values() if one.weights_path is not None]
    dataset = scan(data, IMAGE_CLASSIFICATION)
    ranking = rank_backbones(dataset, here)
    accuracies = {}
    for backbone in here:
        found = []
        for seed in range(_SEEDS):
            spec = TrainingSpec(
                str(data), backbone=backbone.name, augmentation="none", seed=seed
            )
            with tempfile.TemporaryDirectory(dir=work) as folder:
                ended = train(spec, Path(folder) / "run", lambda event: None)
            found.append(ended.accuracy)
        accuracies[backbone.name] = statistics.mean(found)
    return {"ranking": ranking.to_json(), "accuracies": accuracies}


def choices(row: dict[str, Any]) -> dict[str, str]:
    """What each way would have chosen on a task."""
    scores = row["ranking"]["scores"]
    return {
        "k-NN, then LogME": row["ranking"]["best"],
        "LogME alone": max(scores, key=lambda one: one["logme"])["name"],
        "ImageNet accuracy": max(scores, key=lambda one: one["top1"])["name"],
        "always the smallest": next(iter(row["accuracies"])),
    }


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Every task, and how often each way was right."""
    backbones = list(next(iter(rows.values()))["accuracies"])
    short = [name.removeprefix("efficientnet-") for name in backbones]
    lines = [
        f"Accuracy of a head on each backbone, mean of {_SEEDS} seeds, defaults of "
        "`tlgui train` but without augmentation; in brackets k-NN, by which the "
        "ranking goes.",
        "",
        f"| task | {' | '.join(short)} | ranking says |",
        f"|---|{'--:|' * len(short)}---|",
    ]
    for name, row in rows.items():
        knn = {one["name"]: one["knn"] for one in row["ranking"]["scores"]}
        cells = [f"{row['accuracies'][b]:.3f} ({knn[b]:.3f})" for b in backbones]
        best = row["ranking"]["best"].removeprefix("efficientnet-")
        lines.append(f"| {name} | {' | '.join(cells)} | {best} |")
    lines += [
        "",
        "| way to choose | right | accuracy lost, mean | most |",
        "|---|--:|--:|--:|",
    ]
    for way in choices(next(iter(rows.values()))):
        lost = [
            max(row["accuracies"].values()) - row["accuracies"][choices(row)[way]]
            for row in rows.values()
        ]
        right = sum(one < 1e-9 for one in lost)
        lines.append(
            f"| {way} | {right} of {len(lost)} | {statistics.mean(lost):.4f} | "
            f"{max(lost):.4f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Prints the tables; with `--save` also keeps them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--save", action="store_true")
    chosen = parser.parse_args()
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name, data in tasks(chosen.shared.absolute(), work):
            rows[name] = measure(data, work)
            print(name, rows[name]["accuracies"], rows[name]["ranking"]["best"])
    print(table(rows))
    if chosen.save:
        write_results(NAME, {"machine": machine(), "rows": rows}, table(rows))


if __name__ == "__main__":
    main()
