"""What is noted for whoever looks after the program, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOGGING = """
import logging, sys
from tlgui import logs
logs.start_log(logs.ENGINE, aloud=sys.argv[1] == "aloud")
logging.getLogger("tlgui.core.wakefulness").info("Sleep was not held off: %s", "no bus")
if sys.argv[1] == "crash":
    import faulthandler
    faulthandler._sigsegv()
"""


def start(folder: Path, how: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", LOGGING, how],
        env={**os.environ, "TLGUI_LOG_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_lines_go_into_the_file_of_their_kind_of_process(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "logs"
    assert start(folder, "quiet").stderr == ""
    (line,) = (folder / "engine.log").read_text().splitlines()
    assert line.endswith("INFO tlgui.core.wakefulness: Sleep was not held off: no bus")
    assert "no bus" in start(folder, "aloud").stderr
    assert len((folder / "engine.log").read_text().splitlines()) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_crash_leaves_where_it_happened(tmp_path: Path) -> None:
    assert start(tmp_path, "crash").returncode < 0
    assert "Segmentation fault" in (tmp_path / "engine-crash.log").read_text()


def test_without_a_disk_to_write_to_it_runs_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = start(tmp_path / "file" / "logs", "quiet")
    assert (ended.returncode, ended.stderr) == (0, "")
