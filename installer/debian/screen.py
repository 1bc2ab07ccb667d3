"""A screen without a monitor, and pictures of what it shows."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from installer.freeze.environment import python_of

_SIZE = "1440x900x24"
_SECONDS = 10
_TAKE = """
import sys
from PySide6.QtGui import QGuiApplication
application = QGuiApplication(sys.argv)
sys.exit(not application.primaryScreen().grabWindow(0).save(sys.argv[1]))
"""


@contextlib.contextmanager
def own_screen() -> Iterator[str]:
    """Starts Xvfb on a free number and ends it again.

    Yields:
        What belongs into DISPLAY.
    """
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", _SIZE, "-ac"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="ascii") as told:
            number = told.readline().strip()
        if not number:
            raise OSError("Xvfb did not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(_SECONDS)


def take_picture(display: str, file: Path, environment: Path) -> None:
    """Saves what a screen shows.

    Args:
        display: the screen.
        file: a `.png`.
        environment: a virtual environment with PySide6.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    variables = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    python = python_of(environment)
    command = [str(python if python.exists() else sys.executable), "-c", _TAKE]
    subprocess.run([*command, str(file)], env=variables, check=True)
