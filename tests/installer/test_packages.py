"""What Linux lacks for Qt, how it is called, and how it is got."""

from pathlib import Path

import pytest

from installer import console, packages
from installer.packages import Missing
from installer.system_libraries import (
    DRAWING,
    WINDOW,
    has_font,
    missing_libraries,
    packages_for,
)


def test_only_what_cannot_be_loaded_is_missing() -> None:
    def load(name: str) -> None:
        if "xcb" in name:
            raise OSError(name)

    assert missing_libraries(DRAWING, load) == ()
    missing = missing_libraries(DRAWING + WINDOW, load)
    assert set(missing) < set(WINDOW)
    assert all("xcb" in library.soname for library in missing)


def test_each_debian_package_is_named_once() -> None:
    names = packages_for("apt-get", DRAWING, font=True)
    assert names[:3] == ("libglib2.0-0", "libegl1", "libgl1")
    assert names[-1] == "fonts-dejavu-core"
    assert len(set(names)) == len(names)


def test_other_managers_get_their_own_words() -> None:
    egl = tuple(library for library in DRAWING if library.soname == "libEGL.so.1")
    assert packages_for("dnf", egl) == ("libEGL.so.1()(64bit)",)
    assert packages_for("zypper", egl, font=True)[-1] == "dejavu-fonts"
    assert packages_for("pacman", egl) == ("libglvnd",)
    line = packages.line_to_paste("dnf", packages_for("dnf", egl), "sudo ")
    assert line == "sudo dnf install -y 'libEGL.so.1()(64bit)'"


def test_a_font_is_found_in_any_folder(tmp_path: Path) -> None:
    assert not has_font([tmp_path / "absent", tmp_path])
    (tmp_path / "truetype").mkdir()
    (tmp_path / "truetype" / "fonts.dir").touch()
    assert not has_font([tmp_path])
    (tmp_path / "truetype" / "A.TTF").touch()
    assert has_font([tmp_path])


def test_missing_things_add_up_without_repeats() -> None:
    once = Missing(DRAWING[:1], extra=("xvfb",))
    assert not Missing()
    assert once + once == once
    both = once + Missing(WINDOW[:1], font=True)
    assert both.described() == "libglib-2.0.so.0, libxcb.so.1, a font, xvfb"
    assert packages.names_of(both, "apt-get")[-2:] == ("fonts-dejavu-core", "xvfb")


def test_nothing_missing_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_quietly", pytest.fail)
    monkeypatch.setattr(packages, "privileges", pytest.fail)
    packages.provide(Missing(), Missing())


@pytest.mark.parametrize(
    ("lists", "sudo", "words"),
    [
        (True, True, "Install it with this line"),
        (True, True, "    sudo apt-get install -y .* libegl1 python3.11-venv\n"),
        (False, True, "sudo apt-get update && sudo apt-get install"),
        (True, False, "Install it as root with this line"),
        (True, False, "    apt-get install -y .* libegl1 python3.11-venv\n"),
    ],
)
def test_without_rights_the_line_to_paste_is_told(
    lists: bool,
    sudo: bool,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if lists:
        (tmp_path / "mirror_Packages.lz4").touch()
    monkeypatch.setattr(packages, "APT_LISTS", tmp_path)
    monkeypatch.setattr(packages, "package_manager", lambda: "apt-get")
    monkeypatch.setattr(packages, "privileges", lambda: None)
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/sudo" if sudo else None)
    missing = Missing(DRAWING[2:3], extra=("python3.11-venv",))
    with pytest.raises(console.Trouble, match=words):
        packages.provide(missing, Missing())


def test_what_is_only_welcome_needs_no_rights(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packages, "package_manager", lambda: "pacman")
    monkeypatch.setattr(packages, "privileges", lambda: None)
    packages.provide(Missing(), Missing(DRAWING[:1]))
    assert "going on without a window" in capsys.readouterr().out


def test_an_unknown_system_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packages, "package_manager", lambda: "")
    monkeypatch.setattr(packages, "privileges", list)
    with pytest.raises(console.Trouble, match=r"lacks libEGL\.so\.1, a font\. "):
        packages.provide(Missing(DRAWING[2:3], font=True), Missing())


@pytest.mark.parametrize(
    ("lists", "outcomes", "actions"),
    [
        (True, [(0, "")], ["install"]),
        (True, [(100, "gone"), (0, ""), (0, "")], ["install", "update", "install"]),
        (False, [(0, ""), (0, "")], ["update", "install"]),
        (
            True,
            [(100, "run 'dpkg --configure -a'"), (0, ""), (0, ""), (0, "")],
            ["install", "--configure", "update", "install"],
        ),
    ],
)
def test_apt_does_only_what_is_needed(
    lists: bool,
    outcomes: list[tuple[int, str]],
    actions: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    def quietly(command: list[str]) -> tuple[int, str]:
        done.append(next(word for word in command if word in set(actions)))
        return outcomes[len(done) - 1]

    if lists:
        (tmp_path / "mirror_Packages").touch()
    monkeypatch.setattr(packages, "APT_LISTS", tmp_path)
    monkeypatch.setattr(packages, "_quietly", quietly)
    monkeypatch.setattr(packages, "package_manager", lambda: "apt-get")
    monkeypatch.setattr(packages, "privileges", list)
    packages.provide(Missing(font=True), Missing())
    assert done == actions


def test_apt_asks_nothing() -> None:
    command = packages.apt_command(["sudo"], "install", "libegl1")
    assert command[:3] == ["sudo", "env", "DEBIAN_FRONTEND=noninteractive"]
    assert command[-4:] == ["install", "-y", "--no-install-recommends", "libegl1"]
