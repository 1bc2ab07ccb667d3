"""A display of one's own, with a window manager where there is one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_SIZE = "1440x900x24"
_SECONDS = 10


@contextmanager
def own_display() -> Iterator[str]:
    """Starts Xvfb on a free number and ends it again.

    Yields:
        What belongs into DISPLAY.
    """
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", _SIZE, "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="ascii") as told:
            number = told.readline().strip()  # ends at once if Xvfb does
        assert number, "Xvfb did not start"
        with _window_manager(f":{number}"):
            yield f":{number}"
    finally:
        _end(server)


@contextmanager
def _window_manager(display: str) -> Iterator[None]:
    program = shutil.which("openbox")
    if program is None:
        yield
        return
    manager = subprocess.Popen(
        [program],
        env={**os.environ, "DISPLAY": display},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        _end(manager)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
