"""The start: the command line for its commands, the window for everything else."""

import contextlib
import multiprocessing
import os
import sys
from typing import NoReturn

from tlgui.ml.foreign import CHILD_ARGUMENT

_LIBRARY = "cannot open shared object file"
_NEEDED = (
    "libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 "
    "libxcb-shape0"
)


def main() -> int:
    """Starts the program; returns its exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == [CHILD_ARGUMENT]:
        from tlgui.ml.foreign import child

        child.main()
    multiprocessing.freeze_support()
    if _wants_window(arguments):
        return _open_window(arguments)
    from tlgui import cli, logs

    logs.start_log(logs.COMMAND)
    code = cli.main(arguments)
    if code == cli.EXIT_STOPPED:
        _end_now(code)
    return code


def _open_window(arguments: list[str]) -> int:
    try:
        from tlgui import app
    except ImportError as error:
        # Qt comes along, but on Linux not what lies below it.
        if _LIBRARY not in str(error):
            raise
        print(
            f"The window needs a library that this system lacks: {error}. On Debian "
            f"and Ubuntu: sudo apt install {_NEEDED}. The command line works without "
            "it: tlgui --help.",
            file=sys.stderr,
        )
        return 2
    return app.main(arguments)


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
