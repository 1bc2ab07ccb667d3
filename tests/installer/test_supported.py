"""Which Pythons and machines are served, and what the others are told."""

from pathlib import Path

import pytest

from installer import supported, windows
from installer.supported import Machine


@pytest.mark.parametrize("minor", [11, 12, 13])
def test_supported_pythons_are_no_trouble(minor: int) -> None:
    assert supported.trouble_with(Machine(3, minor)) == ""


def test_the_machine_of_the_tests_is_supported() -> None:
    assert supported.trouble_with(supported.this_machine()) == ""


@pytest.mark.parametrize(("major", "minor"), [(2, 7), (3, 6), (3, 10), (3, 14), (4, 0)])
def test_other_pythons_get_a_sentence(major: int, minor: int) -> None:
    told = supported.trouble_with(Machine(major, minor))
    assert f"needs Python 3.11 to 3.13, and this is Python {major}.{minor}." in told
    assert "start again with" in told


def test_a_better_python_on_the_machine_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {"python3.12": "/usr/bin/python3.12"}
    monkeypatch.setattr("shutil.which", there.get)
    told = supported.trouble_with(Machine(3, 9))
    assert told.endswith("This machine has one: start again with python3.12.")
    told = supported.trouble_with(Machine(3, 9, system="win32", processor="AMD64"))
    assert told.endswith("start again with py -3.13.")


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (Machine(3, 11, system="darwin", processor="x86_64"), "Intel processors"),
        (Machine(3, 11, system="win32", processor="ARM64"), "win32 on ARM64"),
        (Machine(3, 11, system="freebsd14", processor="amd64"), "freebsd14 on amd64"),
        (Machine(3, 11, processor="riscv64"), "linux on riscv64"),
        (Machine(3, 11, bits=32), "64-bit Python"),
        (Machine(3, 11, glibc=""), "another C library"),
        (Machine(3, 11, glibc="2.17"), "has glibc 2.17"),
        (Machine(3, 11, implementation="PyPy"), "this is PyPy"),
        (Machine(3, 13, free_threaded=True), "a free-threaded one"),
    ],
)
def test_unsupported_machines_get_a_sentence(machine: Machine, words: str) -> None:
    assert words in supported.trouble_with(machine)


@pytest.mark.parametrize(
    "machine",
    [
        Machine(3, 13, system="darwin", processor="arm64", glibc=""),
        Machine(3, 12, system="win32", processor="AMD64", glibc=""),
        Machine(3, 11, processor="aarch64", glibc="2.31"),
    ],
)
def test_supported_machines_are_no_trouble(machine: Machine) -> None:
    assert supported.trouble_with(machine) == ""


def test_windows_is_told_about_its_runtime_and_long_paths() -> None:
    assert windows.runtime_trouble([]) == ""
    assert "lacks msvcp140.dll" in windows.runtime_trouble(["msvcp140.dll"])
    short, long = Path("C:/tlgui"), Path("C:/" + 90 * "x")
    assert windows.path_trouble(short, long_paths=False) == ""
    assert windows.path_trouble(long, long_paths=True) == ""
    assert "of 71 at most" in windows.path_trouble(long, long_paths=False)
