"""Fixtures that every test gets: nobody's settings, nothing left behind."""

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# An interrupted test must not leave TensorFlow's chatter in the report.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def converted_prefixes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frozen layers are converted once for all tests."""
    return tmp_path_factory.mktemp("prefixes")


@pytest.fixture(autouse=True)
def _own_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, converted_prefixes: Path
) -> None:
    """Keeps the developer's own settings, caches and runs out of the tests."""
    monkeypatch.setenv("TLGUI_PREFIX_DIR", str(converted_prefixes))
    for name in ("CONFIG", "CACHE", "LOG", "RUNS", "MODELS", "WEIGHTS"):
        monkeypatch.setenv(f"TLGUI_{name}_DIR", str(tmp_path / f"home-{name.lower()}"))


@pytest.fixture(autouse=True)
def _no_stray_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A warning or error in the log that no test expected fails the test."""
    yield
    stray = [
        record.getMessage()
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if record.levelno >= logging.WARNING
        and not hasattr(record, "expected")
        and record.name.startswith("tlgui")
    ]
    assert not stray, f"unexpected log messages: {stray}"


@pytest.fixture(autouse=True)
def _no_leaked_children() -> Iterator[None]:
    """A child process that outlives its test fails the test."""
    before = set(psutil.Process().children(recursive=True))
    yield
    left = set(psutil.Process().children(recursive=True)) - before
    left = {child for child in left if "resource_tracker" not in _command(child)}
    _, alive = psutil.wait_procs(left, timeout=10)
    for child in alive:
        child.kill()
    assert not alive, f"processes left behind: {[_command(c) for c in alive]}"


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """A thread of ours that outlives its test fails the test."""
    before = set(threading.enumerate())
    yield
    left = [t for t in set(threading.enumerate()) - before if not t.daemon]
    for thread in left:
        thread.join(timeout=5)
    alive = [t.name for t in left if t.is_alive()]
    assert not alive, f"threads left behind: {alive}"


def _command(child: psutil.Process) -> str:
    try:
        return " ".join(child.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture
def hymenoptera() -> Path:
    """The real photos of ants and bees."""
    return _data("hymenoptera")


@pytest.fixture
def sign_digits() -> Path:
    """The real photos of hands."""
    return _data("sign-digits")


def _data(name: str) -> Path:
    if not (DATA / name).is_dir():
        pytest.skip(f"the data set {name} is not in {DATA}")
    return DATA / name


def save_picture(path: Path, colour: tuple[int, int, int], seed: int = 0) -> Path:
    """Writes a small noisy picture of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(-40, 40, (40, 56, 3))
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """A data set that is easy to learn: 8 red and 8 blue pictures."""
    root = tmp_path / "colours"
    for index in range(8):
        save_picture(root / "red" / f"{index}.png", (200, 60, 60), index)
        save_picture(root / "blue" / f"{index}.jpg", (60, 60, 200), index)
    return root


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Slow tests wait until they are asked for."""
    if "slow" in (config.option.markexpr or ""):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: run with -m slow"))
