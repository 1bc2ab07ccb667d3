"""The built package's life in a bare Debian; takes minutes, and a build before it."""

import os
import shutil
import subprocess
import sys

import pytest

from installer import product

pytestmark = pytest.mark.slow


def test_the_package_installs_trains_upgrades_and_goes() -> None:
    built = list((product.ROOT / "dist").glob(f"{product.PACKAGE}_*.deb"))
    tools = [shutil.which(name) for name in ("debootstrap", "Xvfb")]
    if not built or not all(tools) or os.geteuid() != 0:
        pytest.skip("needs root, debootstrap, Xvfb and a package in dist/")
    script = product.ROOT / "installer" / "debian" / "clean_root.py"
    tried = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "nothing of it is left" in tried.stdout
