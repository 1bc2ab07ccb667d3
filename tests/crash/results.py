"""What of a finished run must be the same to the bit, whatever happened to it."""

import dataclasses
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlgui.core.run import open_finished_run


@dataclass(frozen=True)
class Result:
    """What a run came to.

    Attributes:
        history: every line without its seconds.
        weights: by name, their bytes.
        best_epoch: whose weights were kept.
        validation: all answers.
    """

    history: tuple[tuple[float, ...], ...]
    weights: dict[str, bytes]
    best_epoch: int
    validation: dict[str, Any]


def result_of(folder: Path) -> Result:
    """Reads the result of a finished run."""
    run = open_finished_run(folder)
    report = run.report()
    return Result(
        tuple(dataclasses.astuple(record)[:-1] for record in run.history()),
        _weights(run.model_file),
        report["best_epoch"],
        report["validation"],
    )


def _weights(model: Path) -> dict[str, bytes]:
    import h5py

    found: dict[str, bytes] = {}

    def take(name: str, thing: Any) -> None:
        if isinstance(thing, h5py.Dataset):
            found[name] = thing[()].tobytes()

    with zipfile.ZipFile(model) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(take)
    return found
