"""Looking for a newer version over a real connection to this computer."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from nacl.signing import SigningKey
from pytestqt.qtbot import QtBot

from installer.sign_update import sign
from tlgui.core.updates import MOST_BYTES, Release, UpdateSource
from tlgui.worker import update_check
from tlgui.worker.update_check import UpdateCheck

KEY = SigningKey.generate()
PAGE = "https://x.test/1.2"


class Answering(BaseHTTPRequestHandler):
    bodies: ClassVar[dict[str, bytes]] = {
        "/news": sign("1.2", PAGE, KEY),
        "/other": b"<html>Sign in to this network</html>",
        "/large": b"x" * (MOST_BYTES + 1),
    }

    def do_GET(self) -> None:
        if self.path == "/silent":
            self.server.silence.wait(20)  # type: ignore[attr-defined]
            return
        body = self.bodies.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    made.silence = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.silence.set()  # type: ignore[attr-defined]
    made.shutdown()
    made.server_close()
    thread.join()


def answer(qtbot: QtBot, address: str) -> tuple[Release | None, str]:
    check = UpdateCheck(UpdateSource(address, KEY.verify_key.encode()))
    with qtbot.waitSignal(check.answered, timeout=15_000) as answered:
        check.look()
    release, trouble = answered.args
    return release, trouble


def test_news_that_are_signed_are_told(qtbot: QtBot, server: str) -> None:
    assert answer(qtbot, f"{server}/news") == (Release("1.2", PAGE), "")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/other", "A page to sign in to the network may stand between"),
        ("/large", "Expected a small file"),
        ("/gone", "answered “404 Not Found”"),
    ],
)
def test_other_answers_are_a_sentence(
    qtbot: QtBot, server: str, path: str, said: str
) -> None:
    release, trouble = answer(qtbot, f"{server}{path}")
    assert release is None
    assert said in trouble


def test_a_server_that_says_nothing_is_not_waited_for(
    qtbot: QtBot, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_check, "_SECONDS_TO_ANSWER", 0.2)
    _, trouble = answer(qtbot, f"{server}/silent")
    assert "cannot be reached (no answer)" in trouble


def test_without_a_network_it_says_what_still_works(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    _, trouble = answer(qtbot, "http://127.0.0.1:1/news")
    assert "cannot be reached (no connection)" in trouble
    assert "Everything else works without a network" in trouble


def test_without_an_address_nothing_is_looked_for(qtbot: QtBot) -> None:
    check = UpdateCheck(None)
    with qtbot.assertNotEmitted(check.answered, wait=50):
        check.look()
