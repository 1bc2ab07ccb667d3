"""The child has its limits, and a child that lies is not believed."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ml.foreign.hostile import weights
from tlgui.ml.foreign import CHILD_ARGUMENT, limits, reader
from tlgui.ml.foreign.child import Window
from tlgui.ml.foreign.gate import open_foreign
from tlgui.ml.foreign.reader import read_weights
from tlgui.ml.foreign.refusal import Refusal

ROOT = Path(reader.__file__).resolve().parents[3]
_ANSWER = """
import json, os, struct, sys, time
def say(data): os.write(1, data)
def manifest(text): say(struct.pack("<I", len(text)) + text)
say(b"ready\\n")
"""
Read = Callable[[str], reader.Weights]


@pytest.fixture
def read_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads a file of 1,000 bytes with a child of the test's own."""
    path = tmp_path / "file"
    path.write_bytes(bytes(1000))

    def read(code: str) -> reader.Weights:
        arguments = [sys.executable, "-I", "-c", _ANSWER + code]
        monkeypatch.setattr(reader, "command", lambda window: arguments)
        with path.open("rb") as stream:
            return read_weights(stream, Window(0, 1000, 1000))

    return read


def answer(*arrays: object, groups: object = None) -> str:
    text = json.dumps({"arrays": arrays, "groups": groups or {}})
    return f"manifest({text.encode()!r})\n"


def array(dtype: object = "float32", shape: object = (2,)) -> dict[str, object]:
    return {"path": "layers/dense/vars/0", "dtype": dtype, "shape": shape}


def test_a_frozen_program_starts_itself_as_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    program, *arguments = reader.command(Window(0, len(weights()), len(weights())))
    started = [program, "-m", "tlgui", *arguments]
    monkeypatch.setattr(reader, "command", lambda window: started)
    path = tmp_path / "x.weights.h5"
    path.write_bytes(weights())
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(ROOT))
    assert len(open_foreign(path).layers) == 1


def test_an_honest_child_is_believed(read_from: Read) -> None:
    weights = read_from(answer(array()) + "say(struct.pack('<2f', 1, 2))")
    assert weights.arrays["layers/dense/vars/0"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "reader fail"),
        ("say(b'xx')", "reader fail"),
        ("say(b'\\xff' * 4)", "reader fail"),
        ("manifest(b'[]')", "reader fail"),
        ("manifest(b'{}')", "reader fail"),
        ("manifest(b'[' * 100_000)", "reader fail"),
        ("manifest(b'\\xff')", "reader fail"),
        (answer(array("object")), "reader fail"),
        (answer(array("float128")), "reader fail"),
        (answer(array(shape=[-1])), "reader fail"),
        (answer(array(shape=[1.5])), "reader fail"),
        (answer(array(shape="12")), "reader fail"),
        (answer({"path": 3, "dtype": "int8", "shape": []}), "reader fail"),
        (answer(array(), groups=[1]), "reader fail"),
        (answer(array(shape=[2**40])), "bytes of memory"),
        (answer(*[array(shape=[2**20])] * 50), "bytes of memory"),
        (answer(array()) + "say(b'1234')", "reader fail"),
        (answer(array()) + "say(b'123456789')", "reader fail"),
        ("os.abort()", "reader fail"),
    ],
)
def test_a_lying_child_is_refused(read_from: Read, code: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        read_from(code)


@pytest.mark.parametrize("code", ["time.sleep(99)", answer(array()) + "time.sleep(99)"])
def test_a_child_that_takes_too_long_is_ended(
    read_from: Read, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(limits, "CHILD_CHECK_SECONDS", 0.3)
    with pytest.raises(Refusal, match="takes longer than"):
        read_from(code)


def test_a_child_that_cannot_start_is_a_bug_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    arguments = [sys.executable, "-I", "-c", "import nothing_of_that_name"]
    monkeypatch.setattr(reader, "command", lambda window: arguments)
    with path.open("rb") as stream, pytest.raises(RuntimeError, match="cannot start"):
        read_weights(stream, Window(0, 1, 1))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_child_inherits_the_file_and_two_pipes_only(
    read_from: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SECRET", "hush")
    code = (
        "told = {'refused': ' '.join(os.listdir('/proc/self/fd')[:-1]),"
        " 'advice': ' '.join(os.environ)}\n"
        "manifest(json.dumps(told).encode())"
    )
    with pytest.raises(Refusal) as told:
        read_from(code)
    assert set(told.value.reason.split()) == {"0", "1", "2"}
    assert "MY_SECRET" not in told.value.advice


@pytest.mark.parametrize("size", [1, 10**6, 2**32])
def test_no_child_may_have_more_than_a_gigabyte(size: int) -> None:
    assert limits.CHILD_BASE_MEMORY < limits.child_memory(size) <= 2**30


LIMITED = """
import json, os, resource, sys
sys.path.insert(0, sys.argv[1])
from tlgui.ml.foreign import child
child._limit_memory(2**29)
child._limit_time_and_files(7)
told = {}
for name in ("AS", "CPU", "NOFILE", "FSIZE", "CORE"):
    told[name] = resource.getrlimit(getattr(resource, "RLIMIT_" + name))
for name, attempt in {
    "open": lambda: os.open("/dev/null", os.O_RDONLY),
    "pipe": os.pipe,
    "memory": lambda: bytearray(2**29),
}.items():
    try:
        attempt()
        told[name] = "allowed"
    except (OSError, MemoryError) as error:
        told[name] = type(error).__name__
print(json.dumps(told))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limits of Linux")
def test_the_limits_of_the_child() -> None:
    """Bounded memory, no new file, no file written, and an end to its time."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", LIMITED, str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {
        "AS": [2**29, 2**29],
        "CPU": [7, 7],
        "NOFILE": [0, 0],
        "FSIZE": [0, 0],
        "CORE": [0, 0],
        "open": "OSError",
        "pipe": "OSError",
        "memory": "MemoryError",
    }


def test_a_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    program, flag, window = reader.command(Window(1, 2, 3))
    assert (program, flag) == (sys.executable, CHILD_ARGUMENT)
    assert json.loads(window)["offset"] == 1
