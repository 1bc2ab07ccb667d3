"""Makes the frozen program: one folder with an executable, Python and everything."""

import json
import os
import shutil
import sys
import time
from pathlib import Path

from installer import product
from installer.console import say
from installer.freeze import contents, elf, environment, sizes
from installer.freeze.places import Places

NOTICE = "THIRD-PARTY-NOTICES.txt"
SIZES = "sizes.md"


def make(places: Places) -> None:
    """Makes the frozen program anew.

    Raises:
        Trouble: a step failed; says which and how.
    """
    python = environment.make(places)
    draw_and_prepare(places, python)
    _run_pyinstaller(places, python)
    if sys.platform.startswith("linux"):
        _set_system_libraries_aside(places)
        _remove_unreferenced(places)
        _strip(places)
        _link_console_command(places)
    _write_notices(places, python)
    _set_dates(places.tree)
    table = sizes.table(sizes.measure(places.tree))
    places.out.mkdir(exist_ok=True)
    (places.out / SIZES).write_text(table + "\n", encoding="utf-8")
    say(table)


def draw_and_prepare(places: Places, python: Path) -> None:
    """Makes what no system brings: the icon in its sizes, the converted models."""
    say("Drawing the icons and preparing the models.")
    module = "installer.freeze"
    _write_into(places, places.pictures, [python, "-m", f"{module}.pictures"])
    _write_into(places, places.prepared, [python, "-m", f"{module}.prepared"])


def _write_into(places: Places, folder: Path, command: list[str | Path]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    environment.run(places, [*command, folder], _variables(places))


def _variables(places: Places) -> dict[str, str]:
    """What makes two builds the same, and none depend on this computer's folders."""
    return {
        "SOURCE_DATE_EPOCH": str(product.source_date()),
        "PYTHONHASHSEED": "0",
        "QT_QPA_PLATFORM": "offscreen",
        "TLGUI_CACHE_DIR": str(places.work / "cache"),
        "KERAS_HOME": str(places.work / "keras"),
        "PYINSTALLER_CONFIG_DIR": str(places.work / "pyinstaller-cache"),
        "TLGUI_PREPARED": str(places.prepared),
        "TLGUI_PICTURES": str(places.pictures),
    }


def _run_pyinstaller(places: Places, python: Path) -> None:
    say("Freezing: some minutes.")
    began = time.monotonic()
    shutil.rmtree(places.tree.parent, ignore_errors=True)
    command: list[str | Path] = [python, "-m", "PyInstaller", "--noconfirm"]
    command += ["--distpath", places.tree.parent, "--workpath", places.pyinstaller]
    command += [places.root / "installer" / "freeze" / "tlgui.spec"]
    environment.run(places, command, _variables(places))
    say(f"Frozen in {time.monotonic() - began:.0f} s.")


def _set_system_libraries_aside(places: Places) -> None:
    listed = places.pyinstaller / "tlgui" / "of_the_system.json"
    shutil.rmtree(places.system_libraries, ignore_errors=True)
    places.system_libraries.mkdir(parents=True)
    for place in json.loads(listed.read_text()):
        shutil.move(places.content / place, places.system_libraries)


def _remove_unreferenced(places: Places) -> None:
    """Removes Qt's libraries that only left-out plugins needed."""
    files = list(elf.elf_files(places.tree))
    needs = {file.name: elf.needed(elf.headers(file)) for file in files}
    candidates = [name for name in needs if name.startswith("libQt6")]
    gone = elf.unreferenced(needs, candidates)
    for file in list(places.content.rglob("*")):
        if file.name in gone:
            file.unlink()


def _strip(places: Places) -> None:
    for pattern in contents.STRIPPED:
        for file in places.content.glob(pattern):
            if not file.is_symlink():
                environment.run(places, ["strip", "--strip-unneeded", file])


def _link_console_command(places: Places) -> None:
    """Outside Windows a program may do both, so the second name is a link."""
    (places.tree / product.CONSOLE_COMMAND).symlink_to(product.COMMAND)


def _write_notices(places: Places, python: Path) -> None:
    modules = places.pyinstaller / "tlgui" / "modules.json"
    module = "installer.freeze.licences"
    environment.run(places, [python, "-m", module, places.tree / NOTICE, modules])
    shutil.copy(places.root / "LICENSE", places.tree / "LICENSE.txt")


def _set_dates(folder: Path) -> None:
    seconds = product.source_date()
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink():
            continue
        if sys.platform != "win32":
            path.chmod(_mode(path))
        os.utime(path, (seconds, seconds))


def _mode(path: Path) -> int:
    """Folders and programs may be entered and run, libraries and data be read."""
    runs = os.access(path, os.X_OK) and ".so" not in path.name
    return 0o755 if path.is_dir() or runs else 0o644
