"""Downloads from a real server on this computer that does what bad networks do."""

import hashlib
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tlgui.core.errors import Stopped, TlguiError
from tlgui.ml import download as module
from tlgui.ml.download import ABOUT, PART, Published, download

DATA = random.Random(0).randbytes(3_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each request with the next of the server's answers, the last for ever."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append(self.headers.get("Range", ""))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.close_connection = True
        answer(self)

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def start(self) -> int:
        """The first byte that is asked for."""
        asked = self.headers.get("Range", "")
        return int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0

    def send_head(self, length: int, *, tag: str = '"one"', **more: str) -> None:
        start = self.start()
        if start and self.headers.get("If-Range") == tag:
            self.send_response(206)
            span = f"bytes {start}-{start + length - 1}/{start + length}"
            self.send_header("Content-Range", span)
        else:
            self.send_response(200)
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(length))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()


class Server(ThreadingHTTPServer):
    answers: list[Answer]
    asked: list[str]
    silence: threading.Event

    def handle_error(self, *_: object) -> None:
        """Says nothing of those who have left."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/weights.h5"


def whole(handler: Handler) -> None:
    rest = DATA[handler.start() :]
    handler.send_head(len(rest))
    handler.wfile.write(rest)


def broken_off(count: int) -> Answer:
    def answer(handler: Handler) -> None:
        rest = DATA[handler.start() :]
        handler.send_head(len(rest))
        handler.wfile.write(rest[:count])

    return answer


def stalling(handler: Handler) -> None:
    handler.send_head(len(DATA) - handler.start())
    handler.wfile.write(DATA[handler.start() :][:100_000])
    handler.wfile.flush()
    handler.server.silence.wait(20)


def without_ranges(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("ETag", '"one"')
    handler.send_header("Content-Length", str(len(DATA)))
    handler.end_headers()
    handler.wfile.write(DATA)


def untagged(count: int) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(DATA)))
        handler.end_headers()
        handler.wfile.write(DATA[:count])

    return answer


def changed(handler: Handler) -> None:
    """Another version: it has another tag, so all of it is sent."""
    handler.send_response(200)
    handler.send_header("ETag", '"two"')
    handler.send_header("Content-Length", str(len(DATA)))
    handler.end_headers()
    handler.wfile.write(DATA[::-1])


def web_page(handler: Handler) -> None:
    body = b"<html>Please sign in</html>"
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html; charset=utf-8")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def status(code: int) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def lying_about_length(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(DATA) + 5))
    handler.end_headers()
    handler.wfile.write(DATA)


def lying_about_place(handler: Handler) -> None:
    if not handler.start():
        broken_off(1_000)(handler)
        return
    handler.send_response(206)
    handler.send_header("Content-Range", f"bytes 7-{len(DATA) - 1}/{len(DATA)}")
    handler.send_header("ETag", '"one"')
    handler.send_header("Content-Length", str(len(DATA) - 7))
    handler.end_headers()
    handler.wfile.write(DATA[7:])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(module, "_WAITS", (0.01, 0.01, 0.01))
    made = Server(("127.0.0.1", 0), Handler)
    made.answers, made.asked, made.silence = [whole], [], threading.Event()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.silence.set()
    made.shutdown()
    made.server_close()
    thread.join()


def published(server: Server, **more: object) -> Published:
    values: dict[str, object] = {
        "size": len(DATA),
        "checksums": {"sha256": SHA256, "md5": MD5},
        **more,
    }
    return Published(server.address, **values)  # type: ignore[arg-type]


def only_file(folder: Path) -> str:
    (name,) = (path.name for path in folder.iterdir())
    return name


def test_a_file_is_downloaded_with_its_progress(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    file = tmp_path / "weights.h5"
    found = download(published(server), file, lambda *done: told.append(done))
    assert found == SHA256
    assert file.read_bytes() == DATA
    assert only_file(tmp_path) == "weights.h5"
    assert told[0] == (0, len(DATA))
    assert told[-1] == (len(DATA), len(DATA))
    assert told == sorted(told)


def test_what_breaks_off_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.answers = [broken_off(1_000_000), status(503), broken_off(500_000), whole]
    file = tmp_path / "weights.h5"
    assert download(published(server), file) == SHA256
    assert file.read_bytes() == DATA
    assert server.asked == [
        "",
        "bytes=1000000-",
        "bytes=1000000-",
        "bytes=1500000-",
    ]


def test_a_server_that_stalls_is_asked_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SECONDS_OF_SILENCE", 2.0)
    server.answers = [stalling, whole]
    assert download(published(server), tmp_path / "weights.h5") == SHA256
    assert server.asked[1].startswith("bytes=")


def test_a_stop_keeps_what_has_arrived_for_another_time(
    server: Server, tmp_path: Path
) -> None:
    file, seen = tmp_path / "weights.h5", 0

    def see(done: int, total: int) -> None:
        nonlocal seen
        seen = done

    with pytest.raises(Stopped):
        download(published(server), file, see, lambda: seen > 1_000_000)
    assert not file.exists()
    there = (tmp_path / f"weights.h5{PART}").stat().st_size
    assert there > 1_000_000
    assert download(published(server), file) == SHA256
    assert server.asked == ["", f"bytes={there}-"]
    assert only_file(tmp_path) == "weights.h5"


def test_a_stop_is_heard_while_it_waits(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAITS", (60.0,))
    server.answers = [status(503)]
    began = time.monotonic()
    with pytest.raises(Stopped):
        download(
            published(server),
            tmp_path / "weights.h5",
            should_stop=lambda: time.monotonic() - began > 0.2,
        )


@pytest.mark.parametrize(
    "second", [without_ranges, lying_about_place], ids=["no ranges", "wrong place"]
)
def test_a_server_that_cannot_go_on_begins_anew(
    server: Server, tmp_path: Path, second: Answer
) -> None:
    server.answers = [broken_off(1_000), second, whole]
    assert download(published(server), tmp_path / "weights.h5") == SHA256


def test_what_nothing_tells_apart_begins_anew(server: Server, tmp_path: Path) -> None:
    server.answers = [untagged(1_000), untagged(len(DATA))]
    assert download(published(server), tmp_path / "weights.h5") == SHA256
    assert server.asked == ["", ""]


def test_a_file_that_changed_meanwhile_is_not_mixed(
    server: Server, tmp_path: Path
) -> None:
    server.answers = [broken_off(1_000_000), changed]
    with pytest.raises(TlguiError, match="is not the file that was published"):
        download(published(server), tmp_path / "weights.h5")
    assert not list(tmp_path.iterdir())


def test_without_a_checksum_the_file_is_taken_and_its_own_is_told(
    server: Server, tmp_path: Path
) -> None:
    plain = published(server, size=0, checksums={})
    assert download(plain, tmp_path / "weights.h5") == SHA256


@pytest.mark.parametrize("name", ["sha256", "md5"])
def test_other_content_is_refused(server: Server, tmp_path: Path, name: str) -> None:
    wrong = published(server, checksums={name: "0" * 32})
    with pytest.raises(TlguiError, match="its checksum is another one"):
        download(wrong, tmp_path / "weights.h5")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([web_page], "a web page came"),
        ([status(404)], "answered “404 Not Found”. The file may have moved"),
        ([lying_about_length], "Expected 3,000,000 bytes from .* it has 3,000,005"),
        ([status(503)], "answered “503 Service Unavailable”.*What has arrived is kept"),
        ([broken_off(0)], "it broke off"),
    ],
    ids=["page", "gone", "length", "busy", "nothing"],
)
def test_what_cannot_be_had_is_a_sentence(
    server: Server, tmp_path: Path, answers: list[Answer], said: str
) -> None:
    server.answers = answers
    file = tmp_path / "weights.h5"
    with pytest.raises(TlguiError, match=said):
        download(published(server), file)
    assert not file.exists()


def test_a_web_page_in_the_middle_does_not_spoil_what_is_there(
    server: Server, tmp_path: Path
) -> None:
    server.answers = [broken_off(1_000_000), web_page]
    with pytest.raises(TlguiError, match="a web page came"):
        download(published(server), tmp_path / "weights.h5")
    server.answers = [whole]
    assert download(published(server), tmp_path / "weights.h5") == SHA256
    assert server.asked[-1] == "bytes=1000000-"


def test_without_a_network_it_says_what_still_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(module, "_WAITS", ())
    nowhere = Published("http://127.0.0.1:1/weights.h5")
    with pytest.raises(TlguiError, match=r"no connection.*works without a network"):
        download(nowhere, tmp_path / "weights.h5")


def test_a_full_disk_is_told_before_anything_is_written(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=9_000_000))
    with pytest.raises(TlguiError, match="Expected 53 MB free"):
        download(published(server), tmp_path / "weights.h5")
    assert not list(tmp_path.iterdir())


def test_a_damaged_note_begins_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"weights.h5{PART}").write_bytes(b"something else")
    (tmp_path / f"weights.h5{ABOUT}").write_text("{}", encoding="utf-8")
    assert download(published(server), tmp_path / "weights.h5") == SHA256
    assert server.asked == [""]
