"""No hostile file gets through the gate, and each would do harm without it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.ml.foreign import hostile_archives, hostile_code, hostile_hdf5
from tests.ml.foreign.hostile import Attack, Place, make_secrets

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the attacks are watched with the means of Linux"
)
ATTACKS = (*hostile_code.ATTACKS, *hostile_archives.ATTACKS, *hostile_hdf5.ATTACKS)
ROOT = Path(__file__).resolve().parents[3]
each_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)


class Judged(NamedTuple):
    """What the gate said of all files.

    Attributes:
        refusals: the sentence for each attack, or None if it got through.
        imported: modules of the engine that the gate needed.
        markers: what code left behind.
        trace: every file that was opened, by strace; None without it.
    """

    refusals: dict[str, str | None]
    imported: list[str]
    markers: list[str]
    trace: str | None


def run(
    module: str, *arguments: str, lines: Sequence[Any], before: Sequence[str]
) -> Any:
    """Runs a module of the tests with JSON lines, and returns its answer's lines."""
    done = subprocess.run(
        [*before, sys.executable, "-m", f"tests.ml.foreign.{module}", *arguments],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    make_secrets(folder)
    return folder


@pytest.fixture(scope="module")
def files(folder: Path) -> dict[str, Path]:
    return {attack.name: attack.build(Place(folder, attack.name)) for attack in ATTACKS}


@pytest.fixture(scope="module")
def judged(folder: Path, files: dict[str, Path]) -> Judged:
    trace, before = folder / "trace.txt", []
    if shutil.which("strace"):
        calls = "trace=open,openat,openat2,creat,execve"
        before = ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "4096"]
        before += ["-e", calls, "-o", str(trace)]
    lines = [(name, str(path)) for name, path in files.items()]
    *told, (_, imported, _) = run("verdicts", lines=lines, before=before)
    return Judged(
        {name: refusal for name, refusal, _ in told},
        imported,
        sorted(path.name for path in (folder / "markers").iterdir()),
        trace.read_text(encoding="utf-8", errors="replace") if before else None,
    )


@pytest.fixture(scope="module")
def without_gate(
    folder: Path, files: dict[str, Path], judged: Judged
) -> dict[str, tuple[bool, str]]:
    assert judged.refusals  # the gate goes first, while no harm is done yet
    answers = {}
    for kind in ("plain", "keras"):
        lines = [
            (attack.name, attack.control, str(files[attack.name]))
            for attack in ATTACKS
            if (attack.control in KERAS_CONTROLS) == (kind == "keras")
        ]
        for name, harm, told in run(
            "controls", str(folder), kind, lines=lines, before=()
        ):
            answers[name] = (harm, told)
    return answers


KERAS_CONTROLS = {
    a.control for a in ATTACKS if a.control.startswith(("load_", "call_"))
}
KERAS_CONTROLS = {*KERAS_CONTROLS, "load"} - {"load_numpy", "load_inner_numpy"}


def test_there_are_enough_attacks_and_each_has_its_own_name() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 60


@each_attack
def test_the_gate_refuses(judged: Judged, attack: Attack) -> None:
    refusal = judged.refusals[attack.name]
    assert refusal is not None
    assert attack.reason in refusal
    assert refusal.endswith(".")


@each_attack
def test_without_the_gate_it_does_harm(
    without_gate: dict[str, tuple[bool, str]], attack: Attack
) -> None:
    harm, told = without_gate[attack.name]
    assert harm is attack.fires, told
    if not attack.fires:
        assert told != "nothing"  # Keras, Python or HDF5 refused by themselves


def test_no_code_ran(judged: Judged) -> None:
    assert judged.markers == []


def test_keras_took_no_part(judged: Judged) -> None:
    assert judged.imported == []


def test_no_foreign_file_was_opened(
    judged: Judged, files: dict[str, Path], folder: Path
) -> None:
    if judged.trace is None:
        pytest.skip("strace is not installed")
    opened = re.findall(r'open(?:at|at2)?\([^"]*"([^"]*)"', judged.trace)
    ours = {path for path in opened if path.startswith(str(folder))}
    allowed = {str(path) for path in files.values()}
    assert ours <= allowed
    assert len(ours) > 100  # the trace does see the files
    assert not [path for path in opened if "secret" in path]


def test_only_pythons_of_ours_were_started(judged: Judged) -> None:
    if judged.trace is None:
        pytest.skip("strace is not installed")
    started = set(re.findall(r'execve\("([^"]*)"', judged.trace))
    # A library asks `uname` for the processor while it is imported.
    programs = {path for path in started if Path(path).name != "uname"}
    assert {Path(p).resolve() for p in programs} == {Path(sys.executable).resolve()}
