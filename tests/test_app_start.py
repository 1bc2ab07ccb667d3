"""Signals reach the event loop, and a program that does not end is ended."""

import os
import signal
import subprocess
import sys

import pytest
from pytestqt.qtbot import QtBot

from tlgui.app_start import Signals

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
# An event loop that waits, and one that hangs in native code.
PROGRAM = """
import hashlib, sys
from PySide6.QtCore import QCoreApplication, QTimer
from tlgui import app_start
app_start._END_SECONDS = 0.2
application = QCoreApplication([])
signals = app_start.Signals()
signals.arrived.connect(application.quit)
def hang():
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
if sys.argv[1] == "hangs":
    QTimer.singleShot(200, hang)
QTimer.singleShot(0, lambda: print("up", flush=True))
application.exec()
signals.end()
sys.exit(7)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize(("state", "code"), [("waits", 7), ("hangs", 1)])
def test_a_program_ends_in_any_case(
    state: str, code: int, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", PROGRAM, state]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        if state == "hangs":
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
        process.send_signal(number)
        assert process.wait(60) == code


def test_signals_are_given_back(qtbot: QtBot) -> None:
    before = signal.getsignal(signal.SIGTERM)
    signals = Signals()
    with qtbot.waitSignal(signals.arrived):
        signal.raise_signal(signal.SIGTERM)
    signals.end()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    signal.signal(signal.SIGTERM, before)
