"""Decides which paths of a blendfile Blender may open. Pure: no bpy.

Blender passes the paths of movies and sounds to FFmpeg, which accepts more than file names: `http://…` is a request,
`concat:a|b` two files. And a pipe or a device with the name of a picture blocks a render for ever.
"""

from __future__ import annotations

import os
import re
from typing import Dict, Iterable, Iterator, List, Optional, Pattern, Sequence

from .external_files import CACHE_DEPTH, CACHED, TILE_TOKENS, is_regular, open_regular

Kind = str
FILE, FILM, FOLDER, PLACE = "file", "film", "folder", "place"
"""A "film" is anything that FFmpeg reads, also sounds; a "folder" holds caches; of a "place" only the name matters."""

_PROTOCOL = re.compile(r"[A-Za-z0-9+.-]{2,}(:|,.*:)", re.DOTALL)
"""As in libavformat/avio.c: options may follow the name before the colon. A single letter is a drive on Windows."""

_TEXTS = (".ans", ".art", ".asc", ".diz", ".ice", ".nfo", ".txt", ".vt")
"""FFmpeg renders the text in files with these names."""

_HEAD_BYTES = 1024
_BINARY = re.compile(rb"[^\t\n\f\r\x1b\x20-\xff]")
_RAW_FILM = b"YUV4MPEG2 "
"""Uncompressed movies that start with readable text."""

_PROTOCOL_OBJECTION = "a protocol, not a file"


def has_protocol(path: str) -> bool:
    return _PROTOCOL.match(path) is not None


class Rules:
    """Reads each folder once. `suffixes` are those of the scenes' views: with one, Blender opens the others too."""

    def __init__(self, suffixes: Sequence[str] = ()) -> None:
        self._suffixes = suffixes
        self._odd = {}  # type: Dict[str, List[str]]

    def objection(self, stored: str, absolute: Iterable[str], kind: Kind) -> Optional[str]:
        """Why Blender must not open it, for the user. A missing file is not an objection.

        `absolute`: where Blender may look for it.
        """
        if has_protocol(stored):
            return _PROTOCOL_OBJECTION
        found = (self._objection_to(path, kind) for path in absolute)
        return next((each for each in found if each is not None), None)

    def _objection_to(self, absolute: str, kind: Kind) -> Optional[str]:
        if has_protocol(absolute):
            return _PROTOCOL_OBJECTION
        path = as_opened(absolute)
        if kind == FOLDER:
            return "a pipe or a device in the folder" if self._holds_odd_files(path) else None
        if kind == PLACE or not os.path.basename(path):
            return None
        if (os.path.exists(path) and not is_regular(path)) or self._has_odd_companion(path):
            return "not a regular file"
        if kind == FILM and _is_text(path):
            return "a text"
        return None

    def _has_odd_companion(self, path: str) -> bool:
        """Whether a related file that Blender opens too (of a sequence, of UDIM tiles, of a view) is not a regular file."""
        folder, name = os.path.split(path)
        odd = self._odd_files(folder)
        return any(pattern.match(each) for pattern in self._companions(name) for each in odd) if odd else False

    def _companions(self, name: str) -> Iterator[Pattern[str]]:
        yield _numbered(name)
        stem, extension = os.path.splitext(name)
        for mine in self._suffixes:
            if stem.endswith(mine):
                for other in self._suffixes:
                    yield _numbered(stem[: len(stem) - len(mine)] + other + extension)

    def _odd_files(self, folder: str) -> List[str]:
        if folder not in self._odd:
            self._odd[folder] = _odd_files_in(folder or ".")
        return self._odd[folder]

    def _holds_odd_files(self, folder: str) -> bool:
        for place, folders, _ in os.walk(folder):
            if place[len(folder) :].count(os.sep) >= CACHE_DEPTH:
                del folders[:]
            if any(name.endswith(CACHED) for name in self._odd_files(place)):
                return True
        return False


def as_opened(path: str) -> str:
    """How Blender reads a Windows path on other systems."""
    if os.name == "nt":
        return path
    if re.match(r"[A-Za-z]:[\\/]", path):
        path = "/" + path[0].lower() + path[2:]
    return path.replace("\\", "/")


def _numbered(name: str) -> Pattern[str]:
    """Matches the same name with other numbers."""
    parts = re.split(r"(\d+|%s)" % "|".join(TILE_TOKENS), name)
    wild = [r"\d+" if part.isdecimal() else ".*" if part in TILE_TOKENS else re.escape(part) for part in parts]
    return re.compile("".join(wild) + r"\Z", re.DOTALL)


def _odd_files_in(folder: str) -> List[str]:
    """Names of everything that is neither a regular file nor a folder."""
    try:
        with os.scandir(folder) as entries:
            odd = [each for each in entries if not each.is_file() and not each.is_dir()]
    except OSError:
        return []
    return [each.name for each in odd if os.path.exists(each.path)]  # without broken links


def _is_text(path: str) -> bool:
    """FFmpeg renders texts, and follows lists of other files and addresses. No movie or sound starts with readable text."""
    if not os.path.isfile(path):
        return False
    if path.lower().endswith(_TEXTS):
        return True
    try:
        with open_regular(path) as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return False
    if b"<mpd" in head.lower():
        return True  # a list of addresses, in any encoding
    return bool(head) and not _BINARY.search(head) and not head.startswith(_RAW_FILM)
