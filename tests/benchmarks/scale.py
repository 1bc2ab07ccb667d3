"""Time and memory of a head on 1,000, 10,000 and 100,000 photos.

    python -m tests.benchmarks.scale DATA [--sizes 1000,10000,100000] [--save]
        [--epochs 3] [--work FOLDER] [--plot-only]

Makes the photos out of those in DATA (`scale_photos`; 100,000 take 300 MB below
`--work`). Each size is two processes: the first run on these photos, and another.
Peak memory is that of the whole process, scan included; beside it stands what the
warm engine alone takes. Results of other sizes stay as they are.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.children import folder_megabytes, folders, run_child
from tests.benchmarks.kept_results import (
    machine,
    read_results,
    same_machine,
    write_results,
)
from tests.benchmarks.scale_photos import class_count, make_photos
from tests.benchmarks.scale_plot import draw_scale
from tests.benchmarks.scale_table import scale_table

NAME = "scale"
RUNS = ("first", "again")
_FEW = 20


def measure(data: Path, work: Path, cache: str, epochs: int) -> dict[str, Any]:
    """One process: a scan and a run, their memory, and what is kept."""
    command = [sys.executable, "-m", "tests.benchmarks.scale_run", str(data)]
    done = run_child([*command, str(epochs)], folders(work, cache))
    kept = folder_megabytes(work / cache)
    return done.told | {"peak_mb": done.peak_mb, "cache_mb": kept}


def measure_size(source: Path, work: Path, photos: int, epochs: int) -> dict[str, Any]:
    """The first run on so many photos, and the next."""
    data = make_photos(source, work, photos)
    cache = f"cache-{photos}"
    shutil.rmtree(work / cache, ignore_errors=True)
    found: dict[str, Any] = {"classes": class_count(photos), "epochs": epochs}
    for name in RUNS:
        found[name] = measure(data, work, cache, epochs)
        print(f"{photos:8,} {name:6}{found[name]['seconds']:9.1f} s", flush=True)
    shutil.rmtree(work / cache)
    return found


def write(values: dict[str, Any], *, save: bool) -> None:
    """Prints the tables, and keeps them with their picture."""
    text = scale_table(values)
    print(text)
    if save:
        write_results(NAME, values, text)
        draw_scale(values)


def main() -> None:
    """Prints tables; with `--save` also keeps results, tables and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--work", type=Path, help="folder of photos and caches")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--plot-only", action="store_true")
    chosen = parser.parse_args()
    kept = {} if chosen.fresh else read_results(NAME)
    if chosen.plot_only:
        write(kept, save=True)
        return
    if chosen.data is None:
        parser.error("DATA is needed, unless the results are only drawn anew")
    described = machine()
    same_machine(kept, described)
    if chosen.work is not None:
        chosen.work.mkdir(parents=True, exist_ok=True)
    values = {"machine": described, "sizes": kept.get("sizes", {})}
    with tempfile.TemporaryDirectory(dir=chosen.work) as folder:
        work = chosen.work or Path(folder)
        # Has the frozen layers converted, as a warmed-up engine has them.
        measure(make_photos(chosen.data, Path(folder), _FEW), work, "cache-few", 1)
        for photos in map(int, chosen.sizes.split(",")):
            found = measure_size(chosen.data, work, photos, chosen.epochs)
            values["sizes"][str(photos)] = found
            write(values, save=chosen.save)


if __name__ == "__main__":
    main()
