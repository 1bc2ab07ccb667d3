"""What the program notes for whoever looks after it: a small file a kind of process."""

import faulthandler
import logging
import logging.handlers
import sys
from typing import TextIO

from tlgui import paths

WINDOW, ENGINE, COMMAND = "tlgui", "engine", "command"
_MOST_BYTES = 500_000


def start_log(name: str, *, aloud: bool = False) -> None:
    """Logs to a file that is kept small, and crashes beside it.

    Without a disk to write to the program runs all the same.

    Args:
        name: of the file; one of those above.
        aloud: whether to show the lines on stderr too.
    """
    handlers: list[logging.Handler] = []
    if aloud and sys.stderr:
        handlers.append(logging.StreamHandler())
    crashes: TextIO | None = sys.stderr
    folder = paths.log_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(
            logging.handlers.RotatingFileHandler(
                folder / f"{name}.log",
                maxBytes=_MOST_BYTES,
                backupCount=2,
                encoding="utf-8",
            )
        )
        # Stays open as long as the program lives.
        crashes = (folder / f"{name}-crash.log").open("a", encoding="utf-8")
    except OSError:
        handlers.append(logging.NullHandler())
    if crashes:
        faulthandler.enable(crashes)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s",
        handlers=handlers,
    )
