"""Builds the installers from the source tree, with everything they need inside.

    python3 installer/build.py linux      a .deb, and a .run for any other Linux
    python3 installer/build.py windows    a setup program; on Windows
    python3 installer/build.py macos      a .dmg; on a Mac with Apple silicon

    --keep-tree    pack the frozen program that is there from the last time

What is made lies in `dist/`, all else in `build/`. On Debian as root it also installs
the system packages that a build needs, after saying which.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    root = Path(__file__).resolve().parent.parent
    sys.path.insert(0, str(root))
    from installer import supported

    trouble = supported.trouble_with(supported.this_machine())
    if trouble:
        print(trouble, file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__)
    parser.add_argument("system", choices=sorted(BUILDS))
    parser.add_argument("--keep-tree", action="store_true")
    options = parser.parse_args(arguments)
    from installer import product
    from installer.console import Trouble

    # One time for the whole build, whatever is committed meanwhile.
    os.environ["SOURCE_DATE_EPOCH"] = str(product.source_date())
    try:
        BUILDS[options.system](root, options.keep_tree)
    except Trouble as told:
        print(told, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted. Run the same command again.", file=sys.stderr)
        return INTERRUPTED
    return 0


def build_linux(root: Path, keep_tree: bool) -> None:
    from installer import build_packages
    from installer.debian import package
    from installer.freeze import places, tree
    from installer.portable import run_file

    build_packages.provide_for_linux()
    here = places.usual(root)
    if not keep_tree or not here.tree.is_dir():
        tree.make(here)
    package.make(here)
    run_file.make(here)


def build_windows(root: Path, keep_tree: bool) -> None:
    """On Linux from the wheels for Windows; on Windows frozen like everywhere."""
    from installer import build_packages
    from installer.freeze import places, tree
    from installer.setup import nsis, windows_tree

    here = places.usual(root)
    made = here.tree if sys.platform == "win32" else windows_tree.place(here)
    if not keep_tree or not made.is_dir():
        if sys.platform == "win32":
            tree.make(here)
        else:
            build_packages.provide_for_windows()
            windows_tree.make(here)
    nsis.make(here, made)


def build_macos(root: Path, keep_tree: bool) -> None:
    from installer.console import Trouble
    from installer.freeze import places, tree
    from installer.macos import bundle

    trouble = bundle.trouble()
    if trouble:
        raise Trouble(trouble)
    here = places.usual(root)
    if not keep_tree or not here.tree.is_dir():
        tree.make(here)
    bundle.make(here)


BUILDS: Mapping[str, Callable[[Path, bool], None]] = {
    "linux": build_linux,
    "windows": build_windows,
    "macos": build_macos,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
