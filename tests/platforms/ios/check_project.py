"""Checks the Xcode project and the files beside it where there is no Xcode.

It reads them all, and finds identifiers that name no object, objects that nothing names, folders that
are missing, and what a developer would otherwise notice on a device.
"""

from __future__ import annotations

import json
import plistlib
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

APP = Path(__file__).parents[3] / "ios_app"
PROJECT = APP / "Heirloom.xcodeproj"
SCHEME = PROJECT / "xcshareddata/xcschemes/Heirloom.xcscheme"

_COMMENT = r"//[^\n]*\n|/\*.*?\*/"
_TOKEN = re.compile(rf'\s*(?:{_COMMENT}|("(?:[^"\\]|\\.)*"|[\w./$]+|[{{}}()=;,]))', re.DOTALL)
_IDENTIFIER = re.compile(r"[0-9A-F]{24}")


def main() -> int:
    """Print what is wrong and return how many things are."""
    problems = [*project_problems(), *scheme_problems(), *file_problems()]
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return min(len(problems), 1)


def read_project(text: str) -> dict[str, Any]:
    """An old-style property list, as Xcode writes its projects."""
    tokens = [found for found in _TOKEN.findall(text) if found]
    tokens.reverse()
    tree: dict[str, Any] = _value(tokens)
    if tokens:
        raise ValueError(f"unexpected {tokens[-1]}")
    return tree


def _value(tokens: list[str]) -> Any:
    token = tokens.pop()
    if token == "{":
        entries = {}
        while tokens[-1] != "}":
            key = _text(tokens.pop())
            _expect(tokens, "=")
            if key in entries:
                raise ValueError(f"{key} twice")
            entries[key] = _value(tokens)
            _expect(tokens, ";")
        tokens.pop()
        return entries
    if token == "(":
        items = []
        while tokens[-1] != ")":
            items.append(_value(tokens))
            _expect(tokens, ",")
        tokens.pop()
        return items
    return _text(token)


def _expect(tokens: list[str], token: str) -> None:
    if (found := tokens.pop()) != token:
        raise ValueError(f"{token} expected before {found}")


def _text(token: str) -> str:
    return token[1:-1] if token.startswith('"') else token


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    else:
        yield value


def project_problems() -> Iterator[str]:
    """What is wrong with the project itself."""
    tree = read_project((PROJECT / "project.pbxproj").read_text())
    objects = tree["objects"]
    texts = _strings([*objects.values(), tree["rootObject"]])
    named = {text for text in texts if _IDENTIFIER.fullmatch(text)}
    for missing in sorted(named - objects.keys()):
        yield f"project: {missing} is no object"
    for idle in sorted(objects.keys() - named):
        yield f"project: nothing names {idle} ({objects[idle]['isa']})"
    for entry in objects.values():
        if entry["isa"] == "PBXFileSystemSynchronizedRootGroup":
            for folder in (".", *entry["explicitFolders"]):
                if not (APP / entry["path"] / folder).is_dir():
                    yield f"project: {entry['path']}/{folder} is no folder"
        if entry["isa"] == "XCLocalSwiftPackageReference":
            manifest = APP / entry["relativePath"] / "Package.swift"
            if not manifest.is_file():
                yield f"project: {entry['relativePath']} is no package"
        plist = entry.get("buildSettings", {}).get("INFOPLIST_FILE")
        if plist and not (APP / plist).is_file():
            yield f"project: {plist} is missing"


def scheme_problems() -> Iterator[str]:
    """Whether the scheme builds a target of the project."""
    objects = read_project((PROJECT / "project.pbxproj").read_text())["objects"]
    for reference in ET.parse(SCHEME).iter("BuildableReference"):
        target = objects.get(reference.get("BlueprintIdentifier"), {})
        if target.get("name") != reference.get("BlueprintName"):
            yield f"scheme: {reference.get('BlueprintIdentifier')} is no such target"


def file_problems() -> Iterator[str]:
    """Whether the app's plists and assets can be read and say what they must."""
    info = plistlib.loads((APP / "Info.plist").read_bytes())
    for key in (
        "NSCameraUsageDescription",
        "NSPhotoLibraryAddUsageDescription",
        "UILaunchScreen",
        "CFBundleDocumentTypes",
    ):
        if key not in info:
            yield f"Info.plist: no {key}"
    privacy = plistlib.loads((APP / "App/PrivacyInfo.xcprivacy").read_bytes())
    if privacy.get("NSPrivacyTracking") is not False:
        yield "PrivacyInfo.xcprivacy: does not say that nobody is tracked"
    for catalog in APP.glob("App/Assets.xcassets/**/*.json"):
        json.loads(catalog.read_text())


if __name__ == "__main__":
    sys.exit(main())
