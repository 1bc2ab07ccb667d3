"""What a command shows while it works: bars on a terminal, plain lines otherwise."""

import json
import sys
from types import TracebackType
from typing import Self

from tqdm import tqdm

from tlgui.core.events import (
    AttemptBegan,
    BatchEnded,
    EpochEnded,
    Event,
    Noticed,
    ProgressMade,
    RateTested,
    RunEnded,
    RunStarted,
    SourceChosen,
    Stage,
    StageChanged,
    Streaming,
)

_STAGES = {
    Stage.DOWNLOADING: "Downloading the pretrained weights",
    Stage.READING: "Reading the photos",
    Stage.COMPARING: "Comparing",
    Stage.LOADING: "Loading the backbone",
    Stage.TRACING: "Preparing the first batch",
    Stage.SAVING: "Saving",
}


BYTES = "B"


class ProgressBar:
    """A bar on stderr, shown only on a terminal."""

    def __init__(self, what: str, *, quiet: bool = False, unit: str = "file") -> None:
        hidden = quiet or not sys.stderr.isatty()
        self._bar = tqdm(
            desc=what, disable=hidden, leave=False, unit=unit, unit_scale=unit == BYTES
        )

    def show(self, done: int, total: int) -> None:
        """Moves the bar."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()


class TrainingOutput:
    """Shows a run: one line an epoch, or one JSON event a line."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._bar: ProgressBar | None = None
        self._epochs = 0

    def show(self, event: Event) -> None:
        """Shows one event of the run."""
        if self._as_json:
            print(json.dumps(event.to_json(), ensure_ascii=False), flush=True)
        elif isinstance(event, AttemptBegan):
            self._say(f"Attempt {event.number} of {event.total}: {event.words}")
        else:
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case StageChanged(stage):
                self._begin(_STAGES.get(stage, ""))
            case RateTested(step, steps):
                self._progress("Testing learning rates", step, steps, "step")
            case ProgressMade(stage, done, total):
                unit = BYTES if stage is Stage.DOWNLOADING else "file"
                self._progress("", done, total, unit)
            case RunStarted():
                self._say(_plan_line(event))
                self._epochs = event.epochs
            case SourceChosen():
                self._say(_source_line(event))
            case Noticed(sentence):
                self._say(f"Note: {sentence}")
            case BatchEnded():
                self._progress(f"Epoch {event.epoch}", event.step, event.steps)
            case EpochEnded(record):
                self._say(
                    f"epoch {record.epoch}/{self._epochs}  "
                    f"loss {record.loss:.4f}  accuracy {record.accuracy:.4f}  "
                    f"val_loss {record.val_loss:.4f}  "
                    f"val_accuracy {record.val_accuracy:.4f}  {record.seconds:.1f} s"
                )
            case RunEnded():
                self._say(_end_line(event))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _begin(self, what: str) -> None:
        self._close()
        if what and not sys.stderr.isatty():
            print(f"{what} …", file=sys.stderr, flush=True)

    def _progress(self, what: str, done: int, total: int, unit: str = "file") -> None:
        if self._bar is None:
            self._bar = ProgressBar(what, unit=unit)
        self._bar.show(done, total)

    def _say(self, text: str) -> None:
        self._close()
        print(text, flush=True)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


def _plan_line(event: RunStarted) -> str:
    left_out = f", {event.left_out} left out" if event.left_out else ""
    return (
        f"{len(event.class_names)} classes, {event.train_samples} training and "
        f"{event.validation_samples} validation photos{left_out}; "
        f"{event.trainable_parameters:,} of {event.total_parameters:,} parameters "
        "are trainable"
    )


def _source_line(event: SourceChosen) -> str:
    if event.cached:
        views = "" if event.views == 1 else f" for each of {event.views} views"
        return (
            f"The frozen layers run once a photo{views} ({event.runtime}); "
            "what they give is kept for later runs"
        )
    match event.reason:
        case Streaming.ROOM:
            why = "what they give would not fit on the disk"
        case Streaming.CHEAPER:
            why = "that is quicker here than keeping what they give"
        case _:
            return "Every photo runs through all layers in every epoch"
    return f"The frozen layers run in every epoch ({event.runtime}): {why}"


def _end_line(event: RunEnded) -> str:
    if not event.kept:
        return f"Stopped after {event.seconds:.1f} s; no model was kept."
    kept = f"best epoch {event.best_epoch}" if event.best_epoch else "no whole epoch"
    return (
        f"{event.outcome.capitalize()} after {event.seconds:.1f} s: validation "
        f"accuracy {event.accuracy:.4f} ({kept}). Run folder: {event.run}"
    )
