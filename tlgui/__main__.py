"""The start: the command line for its commands, the window for everything else."""

import contextlib
import multiprocessing
import os
import sys
from typing import NoReturn

from tlgui.ml.foreign import CHILD_ARGUMENT


def main() -> int:
    """Starts the program; returns its exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == [CHILD_ARGUMENT]:
        from tlgui.ml.foreign import child

        child.main()
    multiprocessing.freeze_support()
    if _wants_window(arguments):
        from tlgui import app

        return app.main(arguments)
    from tlgui import cli, logs

    logs.start_log(logs.COMMAND)
    code = cli.main(arguments)
    if code == cli.EXIT_STOPPED:
        _end_now(code)
    return code


def _end_now(code: int) -> NoReturn:
    """Ends without tearing down TensorFlow, which takes seconds."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


def _wants_window(arguments: list[str]) -> bool:
    if not arguments:
        return True
    if arguments[0] == "demo":
        return not {"--no-window", "--json", "--help", "-h"} & set(arguments)
    from tlgui.cli import COMMANDS

    return arguments[0] not in COMMANDS and not arguments[0].startswith("-")


if __name__ == "__main__":
    sys.exit(main())
