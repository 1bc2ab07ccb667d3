"""What Windows lacks for TensorFlow: room in a path, and Microsoft's C++ library."""

import sys
from pathlib import Path

LONGEST_INSIDE = len(r"\.venv\Lib\site-packages" "\\") + 163
"""Characters from the source tree's folder to TensorFlow 2.21's longest file."""
LONGEST_PATH = 259
"""Characters in a path, unless Windows was told to allow longer ones."""
RUNTIME = ("msvcp140.dll", "msvcp140_1.dll", "vcruntime140_1.dll")
"""What TensorFlow's wheel for Windows loads and Python's installer may not bring."""


def trouble(root: Path) -> str:
    """Tells what is missing on this Windows; nothing on other systems.

    Args:
        root: The folder of the source tree.

    Returns:
        Whole sentences with what to do about it, or an empty string.
    """
    if sys.platform != "win32":
        return ""
    missing = [name for name in RUNTIME if not _loads(name)]
    return runtime_trouble(missing) or path_trouble(root, _long_paths())


def runtime_trouble(missing: list[str]) -> str:
    """Says which package of Microsoft's brings the missing libraries."""
    if not missing:
        return ""
    return (
        f"Windows lacks {', '.join(missing)}, which TensorFlow needs. Install the "
        'free "Microsoft Visual C++ Redistributable (X64)" from microsoft.com and run '
        "this again."
    )


def path_trouble(root: Path, long_paths: bool) -> str:
    """Says that TensorFlow's files would not fit below this folder."""
    longest = LONGEST_PATH - LONGEST_INSIDE
    if long_paths or len(str(root)) <= longest:
        return ""
    return (
        f"The folder {root} has {len(str(root))} characters, and TensorFlow's files "
        f"need one of {longest} at most on Windows. Move it to a shorter place, for "
        r"example C:\tlgui, and run this again."
    )


def _loads(name: str) -> bool:
    if sys.platform == "win32":
        import ctypes

        try:
            ctypes.WinDLL(name)
        except OSError:
            return False
    return True


def _long_paths() -> bool:
    if sys.platform == "win32":
        import winreg

        place = r"SYSTEM\CurrentControlSet\Control\FileSystem"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
                return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
        except OSError:
            return False
    return True
