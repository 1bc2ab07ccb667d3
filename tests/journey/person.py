"""A person before the screen: sees what the window shows, moves mouse and keys."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
_POLL = 0.05
_A_WHILE = 20.0
_ANSWERS_WITHIN = 15.0
Found = TypeVar("Found")


@dataclass(frozen=True)
class Thing:
    """One thing on the screen.

    Attributes:
        kinds: names of its classes, or "cell" for one of a list or table.
        text: what is written on it.
        name: what a screen reader calls it (of the list, for a cell).
        title: of a window.
        enabled: whether it can be used.
        checked: whether it is switched on.
        focused: whether keys go to it.
        box: left, top, width, height of what is seen of it, on the screen.
        frame: the same of a window with its frame.
        free: whether a click in its middle would reach it.
        marks: how many epochs each curve of a plot has a mark for.
        cell: row and column.
    """

    kinds: tuple[str, ...]
    text: str
    name: str
    title: str
    enabled: bool
    checked: bool
    focused: bool
    box: tuple[int, int, int, int]
    frame: tuple[int, int, int, int]
    free: bool
    marks: tuple[int, ...]
    cell: tuple[int, int] = (0, 0)

    @property
    def middle(self) -> tuple[int, int]:
        """Where one would click."""
        left, top, width, height = self.box
        return left + width // 2, top + height // 2


class Person:
    """Starts the program and uses it.

    Args:
        display: what belongs into DISPLAY.
        home: a folder of its own.
        arguments: of the program.
    """

    def __init__(self, display: str, home: Path, *arguments: str) -> None:
        self.home = home
        self._has_manager = shutil.which("openbox") is not None
        self._environment = {
            **os.environ,
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_RUNTIME_DIR": str(home),
            "LC_ALL": "C.UTF-8",
        }
        address = str(home / "probe")
        self._said = home / "stderr.txt"
        with self._said.open("wb") as said:
            self.program = subprocess.Popen(
                [sys.executable, "-m", "tests.journey.driver", address, *arguments],
                cwd=ROOT,
                env=self._environment,
                stderr=said,
            )
        self.process = psutil.Process(self.program.pid)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_ANSWERS_WITHIN)
        self.until(lambda: self._reaches(address), "the program answers")
        self._lines = self._socket.makefile("rw", encoding="utf-8")

    def _reaches(self, address: str) -> bool:
        assert self.program.poll() is None, f"it ended: {self.said()}"
        with contextlib.suppress(OSError):
            self._socket.connect(address)
            return True
        return False

    def said(self) -> str:
        """What the program wrote on stderr."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    def leave(self) -> None:
        """Ends what a failed journey left."""
        family = [self.process, *self.children()] if self.is_there() else []
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.program.wait()
        self._socket.close()

    # Eyes

    def is_there(self) -> bool:
        """Whether the program runs."""
        return self.program.poll() is None

    def children(self) -> list[psutil.Process]:
        """The processes that the program started."""
        return list(self.process.children(recursive=True))

    def look(self) -> list[Thing]:
        """Everything on the screen."""
        return [_thing(told) for told in self._ask("look")]

    def _ask(self, request: str) -> Any:
        self._lines.write(request + "\n")
        self._lines.flush()
        try:
            answer = self._lines.readline()
        except TimeoutError as error:
            raise AssertionError(f"the window stands still: {self.said()}") from error
        assert answer, f"the window is gone: {self.said()}"
        return json.loads(answer)

    def all(
        self, kind: str, text: str | None = None, name: str | None = None
    ) -> list[Thing]:
        """The things of a class, with a text or a name."""
        return [
            thing
            for thing in self.look()
            if kind in thing.kinds
            and text in (None, thing.text)
            and name in (None, thing.name)
        ]

    def sees(
        self, kind: str, text: str | None = None, name: str | None = None
    ) -> Thing | None:
        """The first of these things, if there is one."""
        return next(iter(self.all(kind, text, name)), None)

    def reads(self, part: str) -> Thing | None:
        """The label with these words in it."""
        labels = (thing for thing in self.look() if "QLabel" in thing.kinds)
        return next((thing for thing in labels if part in thing.text), None)

    def until(
        self,
        seen: Callable[[], Found | None],
        what: str,
        seconds: float = _A_WHILE,
    ) -> Found:
        """Waits until something is so.

        Raises:
            AssertionError: it did not come to be; tells what was on the screen.
        """
        end = time.monotonic() + seconds
        while True:
            found = seen()
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what}.{self._scene()}")
            time.sleep(_POLL)

    def _scene(self) -> str:
        if not self.is_there() or not hasattr(self, "_lines"):
            return f" The program said: {self.said()}"
        self.picture("failed")
        texts = [thing.text or thing.title for thing in self.look()]
        return f" On the screen: {[text for text in texts if text]}"

    def waits_for(self, part: str, seconds: float = _A_WHILE) -> Thing:
        """Waits for words on the screen."""
        return self.until(lambda: self.reads(part), part, seconds)

    def picture(self, name: str) -> Path:
        """Keeps what the screen shows."""
        for folder in (os.environ.get("TLGUI_SCREENSHOTS"), str(self.home)):
            if folder:
                file = Path(folder) / f"{name}.png"
                assert self._ask(str(file)), f"no picture in {folder}"
        return file

    # Hands

    def click(
        self, kind: str, text: str | None = None, name: str | None = None
    ) -> Thing:
        """Clicks on a thing once it can be clicked and stays in its place."""
        places: list[tuple[int, int]] = []

        def is_still() -> Thing | None:
            usable = (t for t in self.all(kind, text, name) if t.enabled and t.free)
            thing = next(usable, None)
            if thing is None:
                return None
            places.append(thing.middle)
            return thing if places[-2:] == [thing.middle] * 2 else None

        thing = self.until(is_still, f"{kind} {text or name or ''} can be clicked")
        self.click_at(*thing.middle)
        return thing

    def click_at(self, across: int, down: int) -> None:
        """Moves the mouse there and clicks."""
        self._xdotool("mousemove", str(across), str(down), "click", "1")

    def press(self, *keys: str) -> None:
        """Presses keys, such as "ctrl+q"."""
        self._focus()
        self._xdotool("key", *keys)

    def _focus(self) -> None:
        """Does what a window manager does: keys go to the window in front."""
        if self._has_manager:
            return
        windows = [thing for thing in self.look() if thing.title and thing.free]
        if windows:
            title = f"^{re.escape(windows[-1].title)}"
            self._xdotool("search", "--onlyvisible", "--name", title, "windowfocus")

    def write(self, text: str) -> None:
        """Types a text in place of what stands in the field with the focus."""
        self.press("ctrl+a")
        self._xdotool("type", "--delay", "4", text)

    def _xdotool(self, *arguments: str) -> None:
        subprocess.run(
            ["xdotool", *arguments], env=self._environment, check=True, timeout=_A_WHILE
        )

    def close_window(self) -> None:
        """Clicks on the window's close button; without a frame, quits by key."""
        window = next(t for t in self.look() if "MainWindow" in t.kinds)
        left, top, width, _ = window.frame
        if top == window.box[1]:
            self.press("ctrl+q")
        else:
            self.click_at(left + width - 12, (top + window.box[1]) // 2)

    def choose_file(self, file: Path) -> None:
        """Types a path into the file dialog that opens, and accepts it."""
        self.until(
            lambda: (field := self.sees("QLineEdit")) and field.free and field.focused,
            "the file dialog waits for a name",
        )
        self.write(str(file))
        self.until(lambda: self.sees("QLineEdit", str(file)), "the path is typed")
        self.picture(f"dialog {file.name}")
        self.press("Return")
        self.until(lambda: not self.sees("QFileDialog"), "the file dialog is gone")


def _thing(told: dict[str, Any]) -> Thing:
    """JSON knows no tuples."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told.items()
    }
    return Thing(**values)
