"""The `.run`, the setup program and the manual page, as far as they run here."""

import argparse
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from installer import build, product
from installer.console import Trouble
from installer.debian.chroot import Root
from installer.debian.man_page import man_page
from installer.freeze.places import ICON_SIZES
from installer.portable import run_file
from installer.setup import imports, launchers, nsis, windows_tree
from tlgui import cli

SH = shutil.which("sh")
posix = pytest.mark.skipif(
    not sys.platform.startswith("linux") or SH is None, reason="is for Linux"
)


def small_program(folder: Path) -> Path:
    """A tree that installs like the real one, with a script for a program."""
    tree = folder / "tree"
    share = tree / "share"
    share.mkdir(parents=True)
    program = tree / product.COMMAND
    program.write_text("#!/bin/sh\necho tlgui 1.2.3\n")
    program.chmod(0o755)
    (tree / product.CONSOLE_COMMAND).symlink_to(product.COMMAND)
    (tree / "_internal").mkdir()
    (share / "tlgui.desktop").write_text(
        f'[Desktop Entry]\nExec="{run_file.PROGRAM}" %f\n'
    )
    for name in (f"{product.PACKAGE}.xml", "tlgui.svg"):
        (share / name).write_text("<a/>")
    for size in ICON_SIZES:
        (share / f"tlgui-{size}.png").write_text("png")
    return tree


def small_installer(folder: Path, **changes: str) -> Path:
    payload = folder / "payload.tar.gz"
    run_file.pack(small_program(folder), payload, 86400)
    values = {
        "NAME": product.NAME,
        "VERSION": "1.2.3",
        "PACKAGE": product.PACKAGE,
        "COMMAND": product.COMMAND,
        "CONSOLE": product.CONSOLE_COMMAND,
        "FILE": "x.run",
        "MACHINE": os.uname().machine,
        "GLIBC": "2.17",
        "KIBIBYTES": "100",
        "SIZES": " ".join(map(str, ICON_SIZES)),
        "SHA256": hashlib.sha256(payload.read_bytes()).hexdigest(),
        **changes,
    }
    file = folder / "x.run"
    header = run_file.filled(run_file.HEADER.read_text(encoding="utf-8"), values)
    file.write_bytes(header.encode() + payload.read_bytes())
    return file


def started(
    command: list[str | Path], home: Path, data: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    variables = {"HOME": str(home), "PATH": os.environ["PATH"]}
    if data is not None:
        variables["XDG_DATA_HOME"] = str(data)
    return subprocess.run(
        command, env=variables, capture_output=True, text=True, check=False
    )


def files(folder: Path) -> set[str]:
    found = (p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    return {str(p.relative_to(folder)) for p in found}


@posix
def test_a_run_file_installs_upgrades_and_removes_itself(tmp_path: Path) -> None:
    assert SH is not None
    home = tmp_path / "a home with blanks"
    home.mkdir()
    (home / "photo.jpg").touch()
    file = small_installer(tmp_path)
    for _ in range(2):  # the second time is an upgrade
        ended = started([SH, file], home)
        assert ended.returncode == 0, ended.stderr
    into = home / ".local" / "share" / product.PACKAGE
    command = home / ".local" / "bin" / "tlgui"
    assert started([command], home).stdout == "tlgui 1.2.3\n"
    entry = (home / ".local/share/applications/tlgui.desktop").read_text()
    assert f'Exec="{into}/tlgui" %f' in entry
    assert (home / ".local/share/icons/hicolor/48x48/apps/tlgui.png").is_file()
    assert stat.S_IMODE(into.stat().st_mode) == 0o755
    ended = started([SH, into / "uninstall.sh"], home)
    assert ended.returncode == 0, ended.stderr
    of_others = {name for name in files(home) if name.startswith(".local/share/mime/")}
    of_others |= {".local/share/applications/mimeinfo.cache"} & files(home)
    assert files(home) - of_others == {"photo.jpg"}
    assert not any("tlgui" in name for name in of_others)


@posix
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SHA256": "0" * 64}, "This file is damaged"),
        ({"MACHINE": "s390x"}, "Expected a s390x processor"),
        ({"GLIBC": "2.999"}, "Expected glibc 2.999 or newer"),
        ({"KIBIBYTES": "999999999999"}, "MB of room"),
    ],
)
def test_a_run_file_says_why_it_cannot(
    changes: dict[str, str], words: str, tmp_path: Path
) -> None:
    assert SH is not None
    file = small_installer(tmp_path, **changes)
    ended = started([SH, file], tmp_path / "home")
    assert ended.returncode == 2
    assert words in ended.stderr
    assert not files(tmp_path / "home")


@posix
def test_a_run_file_does_not_replace_what_it_did_not_install(tmp_path: Path) -> None:
    assert SH is not None
    thesis = tmp_path / "mine" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.touch()
    file = small_installer(tmp_path)
    ended = started([SH, file, "--into", thesis.parent], tmp_path / "home")
    assert ended.returncode == 2
    assert "was not installed by this" in ended.stderr
    assert thesis.exists()


def test_the_same_tree_packs_to_the_same_bytes(tmp_path: Path) -> None:
    tree = small_program(tmp_path)
    packed = []
    for hour in (1, 2):
        os.utime(tree / "tlgui", (hour * 3600, hour * 3600))
        file = tmp_path / f"{hour}.tar.gz"
        run_file.pack(tree, file, 86400)
        packed.append(file.read_bytes())
    assert packed[0] == packed[1]
    with tarfile.open(tmp_path / "1.tar.gz") as archive:
        assert {member.mtime for member in archive} == {86400}
        assert {member.uname for member in archive} == {""}


def windows_program(folder: Path) -> Path:
    (folder / "_internal" / "deep").mkdir(parents=True)
    for name in ("tlgui.exe", "tlgui-cli.exe", "LICENSE.txt"):
        (folder / name).write_text("x" * 1024)
    (folder / "THIRD-PARTY-NOTICES.txt").write_text("notices")
    (folder / "_internal" / "deep" / "größe.bin").write_text("x")
    return folder


def test_the_setup_program_is_told_what_it_packs(tmp_path: Path) -> None:
    tree = windows_program(tmp_path / "tree")
    told = nsis.values(tree, Path("tlgui.ico"), Path("setup.exe"), "quick")
    assert told["LONGEST"] == str(len("_internal/deep/größe.bin"))
    assert told["SIZE_KIB"] == "3"
    (tree / "tlgui-cli.exe").unlink()
    with pytest.raises(Trouble, match=r"it lacks tlgui-cli\.exe"):
        nsis.values(tree, Path("tlgui.ico"), Path("setup.exe"), "quick")


def test_every_value_of_the_setup_script_is_given(tmp_path: Path) -> None:
    tree = windows_program(tmp_path / "tree")
    told = nsis.values(tree, Path("tlgui.ico"), Path("setup.exe"), "small")
    script = nsis.SCRIPT.read_text(encoding="utf-8")
    for name in told:
        assert f"${{{name}}}" in script, name


def test_makensis_takes_the_script(tmp_path: Path) -> None:
    if shutil.which("makensis") is None:
        pytest.skip("needs nsis")
    from PIL import Image

    icon, file = tmp_path / "tlgui.ico", tmp_path / "tlgui-setup.exe"
    Image.new("RGBA", (64, 64)).save(icon, sizes=[(16, 16), (32, 32)])
    told = nsis.values(windows_program(tmp_path / "tree"), icon, file, "quick")
    made = subprocess.run(nsis.command(told), capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    assert file.read_bytes()[:2] == b"MZ"


def test_the_manual_page_has_every_command_and_option() -> None:
    page = man_page(cli.build_parser())
    for name in cli.COMMANDS:
        escaped = name.replace("-", "\\-")
        assert f"\n.SS {escaped}" in page
    for option in ("learning\\-rate", "resume", "csv"):
        assert f"\\-\\-{option}\\fR" in page
    assert argparse.SUPPRESS not in page


def test_the_manual_page_is_taken_by_man(tmp_path: Path) -> None:
    man = shutil.which("man")
    if man is None or shutil.which("groff") is None:
        pytest.skip("needs man-db and groff")
    file = tmp_path / "tlgui.1"
    file.write_text(man_page(cli.build_parser()))
    shown = subprocess.run(
        [man, "--warnings", "--encoding=UTF-8", "--local-file", file],
        env={**os.environ, "MANROFFSEQ": "", "MANWIDTH": "80"},
        capture_output=True,
        text=True,
    )
    assert (shown.returncode, shown.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac would build")
def test_a_build_elsewhere_says_where_to_build(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert build.main(["macos"]) == 2
    assert "installer/ci" in capsys.readouterr().err


def test_a_person_in_a_bare_system_has_nothing_of_ours() -> None:
    command = Root(Path("/r")).command(
        ["tlgui", "demo"], {"DISPLAY": ":5"}, person=True
    )
    assert command[:3] == ["chroot", "--userspec=person:person", "/r"]
    assert command[3:5] == ["/usr/bin/env", "-i"]
    assert "DISPLAY=:5" in command
    assert command[-2:] == ["tlgui", "demo"]


LOCK = """\
keras==3.15.1 \\
    --hash=sha256:aa
joblib==1.6.0 \\
    --hash=sha256:bb
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:cc
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:dd \\
    --hash=sha256:ee
"""


def test_a_lock_file_is_read_for_another_system() -> None:
    older, newer = "python_full_version < '3.12'", "python_full_version >= '3.12'"
    assert windows_tree.conditions(LOCK) == {older, newer}
    entries = list(windows_tree.for_target(LOCK, {older: False, newer: True}))
    assert [entry.partition(" ")[0] for entry in entries] == [
        "keras==3.15.1",
        "numpy==2.5.5",
    ]
    assert entries[1].endswith("sha256:dd \\\n    --hash=sha256:ee")
    assert " ; " not in entries[1]


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("sklearn/datasets/data/digits.csv.gz", True),
        ("sklearn/base.py", False),
        ("tensorflow_cpu-2.21.0.dist-info/METADATA", True),
        ("rich-15.0.0.dist-info/METADATA", False),
        ("tensorflow/python/_pywrap_tensorflow_internal.pyd", True),
        ("python313.dll", True),
        ("PySide6/Qt6Core.dll", True),
        ("PySide6/QtOpenGLWidgets.pyd", True),
        ("PySide6/Qt6Quick.dll", False),
        ("PySide6/designer.exe", False),
        ("PySide6/plugins/platforms/qwindows.dll", True),
        ("PySide6/plugins/platforms/qminimal.dll", False),
        ("PySide6/translations/qtbase_de.qm", True),
        ("PySide6/translations/designer_de.qm", False),
        ("PIL/_avif.cp313-win_amd64.pyd", False),
    ],
)
def test_windows_leaves_out_what_the_frozen_program_does(
    place: str, wanted: bool
) -> None:
    assert windows_tree._is_wanted(place) is wanted


def test_a_library_that_is_nowhere_is_told() -> None:
    found = {
        "tlgui.exe": ("KERNEL32.dll", "api-ms-win-crt-heap-l1-1-0.dll"),
        "_internal/a.pyd": ("VCRUNTIME140_THREADS.dll", "python313.dll"),
        "_internal/python313.dll": ("VERSION.dll",),
    }
    assert imports.missing(found) == {"vcruntime140_threads.dll": ["_internal/a.pyd"]}


def test_a_version_has_four_numbers_on_windows() -> None:
    assert launchers.version_numbers("0.1.0") == "0,1,0,0"


DIGESTS = "Current message digest : {}\nCalculated message digest : AB\n"


@pytest.mark.parametrize(
    ("told", "good"),
    [
        (DIGESTS.format("AB") + "Subject: /O=Python Software Foundation/CN=x", True),
        (DIGESTS.format("CD") + "Subject: /O=Python Software Foundation/CN=x", False),
        (DIGESTS.format("AB") + "Subject: /O=Somebody", False),
        ("No signature found", False),
    ],
)
def test_only_the_foundations_signature_counts(
    told: str, good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = subprocess.CompletedProcess([], 1, stdout=told)
    monkeypatch.setattr(subprocess, "run", lambda *words, **options: answer)
    if good:
        windows_tree.check_signature(tmp_path / "python.exe")
        return
    with pytest.raises(Trouble, match=r"Expected python\.exe as the Python"):
        windows_tree.check_signature(tmp_path / "python.exe")
