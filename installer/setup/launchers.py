"""Makes the two executables for Windows, with icon and version, by MinGW on Linux."""

from pathlib import Path

from installer import product
from installer.freeze import environment
from installer.freeze.places import Places

SOURCE = Path(__file__).resolve().parent / "launcher.c"
_COMPILER, _RESOURCES = "x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-windres"

_RC = """\
1 ICON "{icon}"
1 24 "{manifest}"
1 VERSIONINFO
FILEVERSION {numbers}
PRODUCTVERSION {numbers}
FILEOS 0x40004
FILETYPE 1
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904B0"
    BEGIN
      VALUE "CompanyName", "{publisher}"
      VALUE "FileDescription", "{name}"
      VALUE "FileVersion", "{version}"
      VALUE "InternalName", "{program}"
      VALUE "LegalCopyright", "Apache License 2.0"
      VALUE "OriginalFilename", "{program}.exe"
      VALUE "ProductName", "{name}"
      VALUE "ProductVersion", "{version}"
    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x409, 1200
  END
END
"""
_MANIFEST = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security><requestedPrivileges>
      <requestedExecutionLevel level="asInvoker" uiAccess="false"/>
    </requestedPrivileges></security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1"><application>
    <supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/>
  </application></compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3"><windowsSettings>
    <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
    <activeCodePage xmlns="http://schemas.microsoft.com/SMI/2019/WindowsSettings">UTF-8</activeCodePage>
    <dpiAwareness xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">PerMonitorV2</dpiAwareness>
  </windowsSettings></application>
</assembly>
"""


def version_numbers(version: str) -> str:
    """A version as Windows' version resource wants it.

    Example:
        >>> version_numbers("1.2.3")
        '1,2,3,0'
    """
    numbers = [*version.split("."), "0", "0", "0"][:4]
    return ",".join(str(int(number)) for number in numbers)


def make(places: Places, tree: Path, library: str) -> None:
    """Makes both executables.

    Args:
        places: of the build.
        tree: the folder they go into.
        library: the file name of Python's library.

    Raises:
        Trouble: a tool is missing or failed.
    """
    work = places.work / "launchers"
    work.mkdir(parents=True, exist_ok=True)
    manifest = work / "manifest.xml"
    manifest.write_text(_MANIFEST, encoding="utf-8")
    for program, is_window in (
        (product.COMMAND, True),
        (product.CONSOLE_COMMAND, False),
    ):
        described = work / f"{program}.rc"
        described.write_text(
            _RC.format(
                icon=places.pictures / f"{product.COMMAND}.ico",
                manifest=manifest,
                numbers=version_numbers(product.version()),
                publisher=product.MAINTAINER,
                name=product.NAME,
                version=product.version(),
                program=program,
            ),
            encoding="utf-8",
        )
        resources = work / f"{program}.o"
        environment.run(places, [_RESOURCES, described, resources])
        kind = ["-DWINDOW", "-mwindows"] if is_window else ["-mconsole"]
        command: list[str | Path] = [_COMPILER, "-Wall", "-Wextra", "-Werror", "-Os"]
        command += ["-s", "-municode", "-static", "-Wl,--no-insert-timestamp", *kind]
        command += [f'-DPYTHON_DLL=L"{library}"', SOURCE, resources]
        environment.run(places, [*command, "-o", tree / f"{program}.exe"])
