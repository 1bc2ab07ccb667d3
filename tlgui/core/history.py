"""The course of a run, epoch by epoch."""

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from tlgui.core import storage
from tlgui.core.errors import TlguiError


@dataclass(frozen=True)
class EpochRecord:
    """One line of `history.csv`.

    Attributes:
        epoch: counted from 1.
        loss: mean over the training samples, while they trained.
        accuracy: mean over the training samples, 0..1.
        val_loss: mean over the validation samples.
        val_accuracy: mean over the validation samples, 0..1.
        learning_rate: at the end of the epoch.
        seconds: taken by the epoch, validation included.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float


COLUMNS = tuple(field.name for field in fields(EpochRecord))


def best_epoch(records: Sequence[EpochRecord]) -> EpochRecord | None:
    """The epoch with the best validation accuracy; of equals, the lowest loss."""
    if not records:
        return None
    return max(records, key=lambda record: (record.val_accuracy, -record.val_loss))


def to_csv(records: Sequence[EpochRecord]) -> str:
    """The text of `history.csv`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        [f"{value:.8g}" if isinstance(value, float) else value for value in row]
        for row in map(astuple, records)
    )
    return text.getvalue()


def write_history(file: Path, records: Sequence[EpochRecord]) -> None:
    """Writes `history.csv`, whole or not at all."""
    storage.write_text(file, to_csv(records))


def read_history(file: Path) -> tuple[EpochRecord, ...]:
    """Reads `history.csv`.

    Raises:
        TlguiError: the file is missing or damaged.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
        return tuple(
            EpochRecord(int(row["epoch"]), *(float(row[name]) for name in COLUMNS[1:]))
            for row in rows
        )
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise TlguiError(
            f"Expected the history of a run in {file}, but it cannot be read "
            f"({error}). Choose another run folder."
        ) from error
