"""Which libraries the program's own libraries ask Windows for."""

import fnmatch
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from installer.console import Trouble

OF_WINDOWS = """
advapi32 authz bcrypt comdlg32 crypt32 d3d11 d3d12 d3d9 d3dcompiler_47 dbghelp
dnsapi dwmapi dwrite dxgi gdi32 icuuc imm32 iphlpapi kernel32 mpr msvcrt netapi32
normaliz ntdll ole32 oleaut32 propsys psapi rpcrt4 secur32 setupapi shell32 shlwapi
uiautomationcore user32 userenv uxtheme version winhttp winmm ws2_32 wtsapi32
"""
"""Libraries that every 64-bit Windows 10 and 11 has."""
_ALSO = ("api-ms-win-*", "winspool.drv")
_OBJDUMP = "x86_64-w64-mingw32-objdump"
_IMPORTED = re.compile(r"^\s+DLL Name: (\S+)$", re.MULTILINE)


def imports(tree: Path) -> dict[str, tuple[str, ...]]:
    """What every program and library in a folder is linked with."""
    files = [p for p in sorted(tree.rglob("*")) if p.suffix in (".exe", ".dll", ".pyd")]
    return {file.relative_to(tree).as_posix(): _imports_of(file) for file in files}


def _imports_of(file: Path) -> tuple[str, ...]:
    command = [_OBJDUMP, "--private-headers", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return tuple(_IMPORTED.findall(told.stdout))


def missing(found: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """What neither lies in the folder nor comes with Windows.

    Args:
        found: from each file to the libraries it is linked with.

    Returns:
        From each library that is missing to the files that want it.
    """
    own = {Path(place).name.lower() for place in found}
    wanted: dict[str, list[str]] = {}
    for place, names in found.items():
        for name in {name.lower() for name in names} - own:
            if not _is_of_windows(name):
                wanted.setdefault(name, []).append(place)
    return wanted


def _is_of_windows(name: str) -> bool:
    known = name.removesuffix(".dll") in OF_WINDOWS.split()
    return known or any(fnmatch.fnmatchcase(name, pattern) for pattern in _ALSO)


def check(tree: Path) -> int:
    """Makes sure that nothing is missing.

    Returns:
        How many programs and libraries were looked at.

    Raises:
        Trouble: something is; says what wants it.
    """
    found = imports(tree)
    lacking = missing(found)
    if lacking:
        told = "\n".join(f"{n}: wanted by {ps[0]}" for n, ps in sorted(lacking.items()))
        raise Trouble(f"The program for Windows lacks libraries:\n{told}")
    return len(found)
