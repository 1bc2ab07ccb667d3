"""How soon a built program shows its first window.

    python -m installer.first_window PROGRAM [--times N]

Starts the program on a screen of its own, and looks at the screen until its middle is
painted: from before the process starts until what a person sees. Needs Xvfb, and a
Python with PySide6. Run it on an idle machine.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from installer.debian.screen import own_screen

_POLL = 0.01
_PATIENCE = 60.0


def first_windows(program: Path, times: int) -> list[float]:
    """Seconds to the first painted window, once for each of some starts.

    Raises:
        TimeoutError: no window came.
    """
    with own_screen() as display, tempfile.TemporaryDirectory() as home:
        os.environ |= {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        from PySide6.QtGui import QGuiApplication

        application = QGuiApplication(sys.argv[:1])
        measured = [_one(program, home) for _ in range(times)]
        del application
        return measured


def _one(program: Path, home: str) -> float:
    variables = {"HOME": home, "PATH": os.environ["PATH"]}
    variables |= {"DISPLAY": os.environ["DISPLAY"]}
    began = time.monotonic()
    window = subprocess.Popen(
        [program], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not _is_painted():
            if time.monotonic() - began > _PATIENCE:
                raise TimeoutError(f"{program} showed no window")
            time.sleep(_POLL)
        return time.monotonic() - began
    finally:
        window.send_signal(signal.SIGTERM)
        window.wait(_PATIENCE)
        while _is_painted():
            time.sleep(_POLL)


def _is_painted() -> bool:
    """Whether more than one colour is in the middle of a screen that begins black."""
    from PySide6.QtGui import QGuiApplication

    screen = QGuiApplication.primaryScreen()
    size = screen.geometry()
    box = (size.width() // 4, size.height() // 4, size.width() // 3, 200)
    seen = screen.grabWindow(0, *box).toImage()
    step = 20
    colours = {
        seen.pixel(x, y)
        for x in range(0, seen.width(), step)
        for y in range(0, seen.height(), step)
    }
    return len(colours) > 1 or bool(colours - {0xFF000000})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    measured = first_windows(options.program.absolute(), options.times)
    print("first window, s:", " ".join(f"{value:.2f}" for value in measured))


if __name__ == "__main__":
    main()
