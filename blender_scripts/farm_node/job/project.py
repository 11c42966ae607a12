"""The files of a job as a folder tree: the blendfile under its own name, and the files that it uses around it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from farm_slot.files.portable_paths import is_portable_path

from ..limits import MAX_MANIFEST_BYTES, MAX_PROJECT_FILES

PLAIN_BLEND = "job.blend"
"""The blendfile's path if the coordinator does not name one."""

_TILE = re.compile("<UDIM>|<UVTILE>")


class ProjectFile(NamedTuple):
    """`path` is relative to the project's folder, with slashes."""

    path: str
    sha256: str


class Manifest(NamedTuple):
    """The files besides the blendfile, and the project paths to use instead of paths in blendfiles."""

    files: list[ProjectFile]
    moved: dict[str, str]
    later: list[str]
    """Paths of files that frames need, and that come while others are being rendered."""


def read_manifest(path: Path) -> Manifest:
    """Raises ValueError for anything but a manifest; OSError."""
    with open(path, "rb") as file:
        text = file.read(MAX_MANIFEST_BYTES + 1)
    if len(text) > MAX_MANIFEST_BYTES:
        raise ValueError("it is too long")
    try:
        whole = json.loads(text)
        listed, moved, later = whole["files"], whole["moved"], whole.get("later", [])
    except (RecursionError, KeyError, TypeError):
        raise ValueError("it has no list of files") from None
    if not all(isinstance(each, list) for each in (listed, moved, later)):
        raise ValueError("it has no list of files")
    if len(listed) + len(later) > MAX_PROJECT_FILES or len(moved) > MAX_PROJECT_FILES:
        raise ValueError("it has too many files")
    if not all(map(is_portable_path, later)):
        raise ValueError("a path leaves the project's folder, or no system can have it")
    return Manifest([file_of(each) for each in listed], dict(map(_move_of, moved)), later)


def file_of(value: Any) -> ProjectFile:
    """Raises ValueError if it is not `{path, sha256}`, or the path is not allowed."""
    if not isinstance(value, dict) or not is_portable_path(value.get("path")):
        raise ValueError("a path leaves the project's folder, or no system can have it")
    if not isinstance(value.get("sha256"), str) or not re.fullmatch("[0-9a-f]{64}", value["sha256"]):
        raise ValueError("a digest is wrong")
    return ProjectFile(value["path"], value["sha256"])


def _move_of(value: Any) -> tuple[str, str]:
    if not isinstance(value, dict) or not isinstance(value.get("from"), str) or not isinstance(value.get("path"), str):
        raise ValueError("a path is wrong")
    if not is_portable_path(_TILE.sub("1001", value["path"])):
        raise ValueError("a path leaves the project's folder, or no system can have it")
    return value["from"], value["path"]
