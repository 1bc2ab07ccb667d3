"""Starts the program as `python -m tlgui` does, and lets a test see its window.

    python -m tests.journey.driver SOCKET [arguments of tlgui]

The probe only looks: it says what is on the screen and where, and takes pictures of
the screen. It never clicks, calls a slot or changes anything; a person's hands do.
A request is a line: "look", or the file for a picture. The answer is a line of JSON.
"""

import json
import queue
import runpy
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPoint, QRect, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QGraphicsView,
    QListView,
    QWidget,
)

_TEXTS = ("text", "currentText")
_MOST_ROWS = 50


class Probe(QObject):
    """Answers from the window's thread; requests come in through a thread of its own.

    Signals:
        asked(str): a request came in.
    """

    asked = Signal(str)

    def __init__(self, address: str) -> None:
        super().__init__()
        self._answers: queue.Queue[str] = queue.Queue()
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(address)
        self._server.listen()
        self.asked.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        client, _ = self._server.accept()
        with client, client.makefile("rw", encoding="utf-8") as lines:
            for line in lines:
                self.asked.emit(line.strip())
                lines.write(self._answers.get() + "\n")
                lines.flush()

    @Slot(str)
    def _answer(self, request: str) -> None:
        told = look() if request == "look" else take_picture(request)
        self._answers.put(json.dumps(told))


def take_picture(file: str) -> bool:
    """Saves what the screen shows, whoever drew it."""
    return QGuiApplication.primaryScreen().grabWindow(0).save(file)


def look() -> list[dict[str, Any]]:
    """Everything that can be seen: widgets, and the cells of lists and tables."""
    seen: list[dict[str, Any]] = []
    for window in QApplication.topLevelWidgets():
        if window.isVisible():
            for widget in (window, *window.findChildren(QWidget)):
                seen.extend(_see(widget))
    return seen


def _see(widget: QWidget) -> Iterator[dict[str, Any]]:
    shown = _shown(widget)
    if not widget.isVisible() or shown.isEmpty():
        return
    thing = _describe(widget, shown)
    yield thing
    if isinstance(widget, QAbstractItemView):
        yield from _cells(widget, thing)


def _shown(widget: QWidget) -> QRect:
    """The part of it that no scroll area hides, in its own coordinates."""
    shown, around = widget.rect(), widget
    while not around.isWindow() and (parent := around.parentWidget()) is not None:
        around = parent
        corner = widget.mapTo(around, QPoint(0, 0))
        shown &= around.rect().translated(-corner)
    return shown


def _describe(widget: QWidget, shown: QRect) -> dict[str, Any]:
    texts = (getattr(widget, name, None) for name in _TEXTS)
    text = next((str(get()) for get in texts if callable(get)), "")
    checked = getattr(widget, "isChecked", None)
    kinds = [kind.__name__ for kind in type(widget).__mro__]
    return {
        "kinds": kinds[: kinds.index("QWidget") + 1],
        "text": text.replace("&", ""),
        "name": widget.accessibleName(),
        "title": widget.windowTitle() if widget.isWindow() else "",
        "enabled": widget.isEnabled(),
        "checked": bool(checked()) if callable(checked) else False,
        "focused": widget.hasFocus(),
        "box": _box(widget, shown),
        "frame": widget.frameGeometry().getRect(),
        "free": _is_free(widget, shown.center()),
        "marks": _marks(widget),
    }


def _box(widget: QWidget, rect: QRect) -> tuple[int, int, int, int]:
    corner = widget.mapToGlobal(rect.topLeft())
    return corner.x(), corner.y(), rect.width(), rect.height()


def _is_free(widget: QWidget, middle: QPoint) -> bool:
    """Whether a click in its middle would reach it."""
    modal = QApplication.activeModalWidget()
    popup = QApplication.activePopupWidget()
    window = widget.window()
    if (modal is not None and window is not modal) or popup not in (None, window):
        return False
    hit = QApplication.widgetAt(widget.mapToGlobal(middle))
    return hit is not None and (
        hit is widget or widget.isAncestorOf(hit) or hit.isAncestorOf(widget)
    )


def _cells(view: QAbstractItemView, thing: dict[str, Any]) -> Iterator[dict[str, Any]]:
    model, port = view.model(), view.viewport()
    if model is None:
        return
    root = QModelIndex()
    columns = 1 if isinstance(view, QListView) else model.columnCount(root)
    for row in range(min(model.rowCount(root), _MOST_ROWS)):
        for column in range(columns):
            index = model.index(row, column)
            shown = view.visualRect(index) & port.rect()
            if not shown.isEmpty():
                yield {
                    **thing,
                    "kinds": ["cell"],
                    "text": "" if index.data() is None else str(index.data()),
                    "cell": [row, column],
                    "box": _box(port, shown),
                    "focused": view.hasFocus() and view.currentIndex() == index,
                    "free": _is_free(port, shown.center()),
                }


def _marks(widget: QWidget) -> list[int]:
    """How many epochs each curve of a plot has a mark for."""
    if not isinstance(widget, QGraphicsView) or widget.scene() is None:
        return []
    items: list[Any] = [item for item in widget.scene().items() if item.isVisible()]
    scatters = (item for item in items if type(item).__name__ == "ScatterPlotItem")
    return [len(scatter.getData()[0]) for scatter in scatters]


def main() -> None:
    """Runs the program under the eyes of the probe."""
    address, *arguments = sys.argv[1:]
    probe = Probe(address)
    sys.argv = ["tlgui", *arguments]
    try:
        runpy.run_module("tlgui", run_name="__main__", alter_sys=True)
    finally:
        del probe


if __name__ == "__main__":
    main()
