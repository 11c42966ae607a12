"""Makes the names that a scene gives to its pictures safe: relative, inside their folder, and possible on every system. Pure."""

from __future__ import annotations

from typing import List, Tuple
from unicodedata import normalize

from ..files.portable_paths import FORBIDDEN, is_portable_name

_MAX_PART = 50
"""Characters of a name that are kept, of four bytes at most: Blender adds a number, a view and an ending."""


def folder_of(path: str) -> str:
    """The folder in which a user expects files of a node with this folder: as far as it lies below the blendfile's own. An
    absolute path, or one that leads elsewhere, says nothing: "".
    """
    text = path.replace("\\", "/")
    parts = text[2:].split("/") if text.startswith("//") else []
    return "" if ".." in parts else safe_path("/".join(parts)).rstrip("/")


def split(path: str) -> Tuple[str, str]:
    """The folder and the name of a path in a blendfile, on every system alike: for Windows, `//` begins a network drive."""
    folder, slash, name = path.replace("\\", "/").rpartition("/")
    return folder + slash, name


def safe_path(path: str) -> str:
    """Slashes stay, one at the end too: a name without a name in a folder. "" stays "", which is a name of a number only."""
    parts = [_safe(part) for part in path.replace("\\", "/").split("/")]
    ends = "/" if len(parts) > 1 and parts[-1] == "" else ""
    kept = "/".join(part for part in parts if part)
    return kept + ends if kept else ""


def _safe(part: str) -> str:
    if part in (".", ".."):
        return ""
    text = part.encode("utf-8", "replace").decode("utf-8")  # a damaged name can have half a character
    name = FORBIDDEN.sub("_", text)[:_MAX_PART].rstrip(". ")
    return name if name == "" or is_portable_name(name) else "_" + name


def are_suffixes(suffixes: List[str]) -> bool:
    """Whether these can be the suffixes of views in file names: short, possible on every system, and different."""
    different = {normalize("NFC", suffix).lower() for suffix in suffixes}
    return len(different) == len(suffixes) and all(
        len(suffix) <= 64 and "/" not in suffix and FORBIDDEN.search(suffix) is None for suffix in suffixes
    )
