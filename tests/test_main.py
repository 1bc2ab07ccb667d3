"""The start: what a system lacks is told, what we broke is not hidden."""

import builtins
import sys
from types import ModuleType

import pytest

from tlgui import __main__

real_import = builtins.__import__


def without_qt(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    def refuse(name: str, *rest: object, **named: object) -> ModuleType:
        if name == "tlgui" and rest[2] == ("app",):
            raise ImportError(reason)
        return real_import(name, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.setattr(sys, "argv", ["tlgui", "photos"])


def test_a_library_that_the_system_lacks_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = "libglib-2.0.so.0: cannot open shared object file: No such file"
    without_qt(monkeypatch, reason)
    assert __main__.main() == 2
    told = capsys.readouterr().err
    assert "lacks: libglib-2.0.so.0" in told
    assert "sudo apt install libegl1" in told


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    without_qt(monkeypatch, "cannot import name 'main_window'")
    with pytest.raises(ImportError, match="main_window"):
        __main__.main()
