"""A run on the command line, from its start to its end."""

import sys
from collections.abc import Callable
from pathlib import Path

from tlgui import cli_progress
from tlgui.cli_stop import StopFlag
from tlgui.core.dataset import Dataset
from tlgui.core.errors import TlguiError, is_out_of_memory
from tlgui.core.events import Emit, Event, RunEnded, Stop
from tlgui.core.scan import scan
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.core.wakefulness import kept_awake


def follow(
    run: Callable[[Emit], RunEnded], stop: StopFlag, *, as_json: bool
) -> RunEnded:
    """Shows a run and keeps the computer awake for it.

    Args:
        run: trains, and tells what happens.
        stop: listens for requests to end.
        as_json: whether to show events for programs.

    Raises:
        TlguiError: memory ran out; says how to go on.
    """
    stop.advice = "The run can go on: the same command with --resume."
    with cli_progress.TrainingOutput(as_json=as_json) as output, kept_awake():

        def emit(event: Event) -> None:
            stop.follow(event)
            output.show(event)

        try:
            ended = run(emit)
        except Exception as error:
            if is_out_of_memory(error):
                raise TlguiError(
                    "The computer's memory was not enough for this training. Close "
                    "other programs, or go on with fewer photos at a time: the same "
                    "command with --resume --batch-size N."
                ) from error
            raise
    if stop() is Stop.PAUSE:
        print(stop.advice, file=sys.stderr)
    return ended


def read_photos(data: Path, stop: StopFlag, *, as_json: bool) -> Dataset:
    """Scans a folder with a bar.

    Raises:
        Stopped: `stop` said so.
        TlguiError: it cannot be read.
    """
    with cli_progress.ProgressBar("Reading", quiet=as_json) as bar:
        return scan(
            data,
            IMAGE_CLASSIFICATION,
            on_progress=bar.show,
            should_stop=lambda: stop() is not None,
        )


def most_at_once(batch_size: int | None) -> int:
    """How many photos may go through the model at once in a run that goes on.

    Args:
        batch_size: as asked for; None if it was not.

    Returns:
        0 for as many as before.

    Raises:
        TlguiError: it is no such number.
    """
    if batch_size is not None and batch_size < 1:
        raise TlguiError(
            "Expected a whole number from 1 as the most photos at once, but found "
            f"{batch_size}."
        )
    return batch_size or 0
