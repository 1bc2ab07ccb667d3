"""What macOS is told of the program, and the disk image it comes in."""

import os
import platform
import shutil
import sys
from pathlib import Path

from installer import product
from installer.console import say
from installer.freeze import environment
from installer.freeze.places import Places

OLDEST = "13.0"
"""macOS of PySide6's wheels; TensorFlow's want 12."""
PROJECT_KIND = f"{product.APP_ID}.project"


def info_plist() -> dict[str, object]:
    """What goes into Info.plist besides names and version.

    A project is a folder with an ending, which Finder then shows as one document.
    """
    return {
        "CFBundleDisplayName": product.NAME,
        "CFBundleDevelopmentRegion": "en",
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": f"{product.NAME} project",
                "CFBundleTypeRole": "Editor",
                "LSHandlerRank": "Owner",
                "LSItemContentTypes": [PROJECT_KIND],
                "LSTypeIsPackage": True,
            }
        ],
        "LSApplicationCategoryType": "public.app-category.education",
        "LSMinimumSystemVersion": OLDEST,
        "LSArchitecturePriority": ["arm64"],
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": "Apache License 2.0",
        "NSRequiresAquaSystemAppearance": False,
        "UTExportedTypeDeclarations": [
            {
                "UTTypeIdentifier": PROJECT_KIND,
                "UTTypeDescription": f"{product.NAME} project",
                "UTTypeConformsTo": ["com.apple.package", "public.composite-content"],
                "UTTypeTagSpecification": {"public.filename-extension": ["tlgui"]},
            }
        ],
    }


def trouble() -> str:
    """Why no bundle can be built here, or nothing."""
    if sys.platform != "darwin":
        return (
            f"Expected a Mac, where disk images are made; found {sys.platform}. "
            "Build there, or by the recipe in installer/ci."
        )
    if platform.machine() != "arm64":
        return (
            f"Expected a Mac with Apple silicon, found {platform.machine()}. There is "
            "no TensorFlow 2.21 for Intel processors."
        )
    return ""


def make(places: Places) -> Path:
    """Makes the disk image from the bundle; signed and notarised where asked for.

    Variables: `TLGUI_SIGNING_IDENTITY` names a Developer ID in the keychain,
    `TLGUI_NOTARY_PROFILE` a profile of notarytool's.

    Raises:
        Trouble: a step failed.
    """
    bundle = places.tree.parent / f"{product.NAME}.app"
    image = places.out / f"{product.PACKAGE}-{product.version()}-macos-arm64.dmg"
    stage = places.work / "image"
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(bundle, stage / bundle.name, symlinks=True)
    (stage / "Applications").symlink_to("/Applications")
    image.unlink(missing_ok=True)
    for command in commands(stage, image):
        environment.run(places, command)
    say(f"{image}: {image.stat().st_size / 1e6:.1f} MB.")
    return image


def commands(stage: Path, image: Path) -> list[list[str | Path]]:
    """The calls that make the image, in order.

    Args:
        stage: the folder with what the image holds.
        image: the `.dmg`.
    """
    create: list[str | Path] = ["hdiutil", "create", "-fs", "HFS+", "-format", "UDZO"]
    steps = [[*create, "-volname", product.NAME, "-srcfolder", stage, image]]
    identity = os.environ.get("TLGUI_SIGNING_IDENTITY")
    profile = os.environ.get("TLGUI_NOTARY_PROFILE")
    if identity:
        steps.append(["codesign", "--timestamp", "--sign", identity, image])
    if identity and profile:
        submit: list[str | Path] = ["xcrun", "notarytool", "submit", "--wait"]
        steps.append([*submit, "--keychain-profile", profile, image])
        steps.append(["xcrun", "stapler", "staple", image])
    return steps
