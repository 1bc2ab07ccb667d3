"""The text files that Debian wants in a package."""

import time
from collections.abc import Collection

from installer import product

_CONTROL = """\
Package: {package}
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: {depends}
Recommends: xdg-utils, xdg-desktop-portal
Suggests: fonts-noto-cjk
Section: science
Priority: optional
Description: {summary_lower}
{description}
"""

_COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: {name}
Comment:
 The package contains Python, TensorFlow, Qt and other software in the form of their
 published binaries. Each with its version, its licence, its source and the texts
 that it wants passed on is listed in /opt/{package}/THIRD-PARTY-NOTICES.txt.

Files: *
Copyright: {year} The {name} authors
License: Apache-2.0
 On Debian systems, the complete text of the Apache License 2.0 can be found in
 /usr/share/common-licenses/Apache-2.0.

Files: /opt/{package}/_internal/PySide6/*
 /opt/{package}/_internal/shiboken6/*
Copyright: {year} The Qt Company Ltd. and other contributors
License: LGPL-3
 On Debian systems, the complete text of the GNU Lesser General Public License,
 version 3, can be found in /usr/share/common-licenses/LGPL-3.
"""

OVERRIDES = {
    "dir-or-file-in-opt": "a program with its own Python and libraries, from its "
    "makers and not from Debian, has its place in /opt",
    "embedded-library": "wheels carry the versions they were built and tested with",
    "unstripped-binary-or-object": "stripping what wheels were patched with breaks it",
    "hardening-no-fortify-functions": "binaries of others, as published",
    "hardening-no-pie": "the start program of PyInstaller, as published",
    "hardening-no-relro": "binaries of others, as published",
    "hardening-no-bindnow": "binaries of others, as published",
    "shared-library-lacks-prerequisites": "plugins that are loaded by their library",
    "library-not-linked-against-libc": "libraries of data only",
    "custom-library-search-path": "wheels find their own libraries by it",
    "spelling-error-in-binary": "binaries of others, as published",
    "binary-from-other-architecture": "none is run; data of a converter",
    "executable-stack-in-shared-library": "binaries of others, as published",
    "shared-library-is-executable": "as published",
    "no-symbols-control-file": "no other package links with a bundle in /opt",
    "initial-upload-closes-no-bugs": "not uploaded to Debian",
    "no-manual-page": "tlgui-cli is the same program as tlgui",
    "extra-license-file": "said to belong to the program by those who made it",
    "package-installs-python-bytecode": "the program runs its own Python",
    "python-module-in-wrong-location": "not Debian's Python",
    "package-has-long-file-name": "as published",
    "repeated-path-segment": "as published",
}
"""What lintian finds in a bundle by its nature, and why that is right."""


def control(architecture: str, size: int, depends: Collection[str]) -> str:
    """The package's description for dpkg.

    Args:
        architecture: as dpkg names it.
        size: of everything installed, in kibibytes.
        depends: other packages, with versions.
    """
    return _CONTROL.format(
        package=product.PACKAGE,
        version=product.version(),
        architecture=architecture,
        maintainer=product.maintainer(),
        size=size,
        depends=", ".join(depends),
        summary_lower=product.SUMMARY[0].lower() + product.SUMMARY[1:],
        description=_long_description(),
    )


def _long_description() -> str:
    paragraphs = [_wrapped(text) for text in product.DESCRIPTION]
    return "\n .\n".join(paragraphs)


def _wrapped(text: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, 76, initial_indent=" ", subsequent_indent=" "))


def copyright_file() -> str:
    """Whose work the package is."""
    year = time.gmtime(product.source_date()).tm_year
    return _COPYRIGHT.format(name=product.NAME, package=product.PACKAGE, year=year)


def changelog() -> str:
    """The one entry of a package that is built for each release anew."""
    date = time.gmtime(product.source_date())
    return (
        f"{product.PACKAGE} ({product.version()}) stable; urgency=medium\n\n"
        "  * What is new stands in the program's own CHANGELOG.md.\n\n"
        f" -- {product.maintainer()}  {time.strftime('%a, %d %b %Y %H:%M:%S', date)}"
        " +0000\n"
    )


def overrides() -> str:
    """What lintian need not tell, each with its reason."""
    lines = []
    for tag, reason in OVERRIDES.items():
        lines += [f"# {reason}", f"{product.PACKAGE}: {tag}"]
    return "\n".join(lines) + "\n"
