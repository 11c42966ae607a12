"""Which paths of a blendfile a slot lets Blender open. Pure: no bpy.

Blender hands the paths of films and sounds to FFmpeg, which takes more than names of files: `http://…` is a request,
`concat:a|b` two files. And a pipe or a device under the name of a picture holds a render up for good.
"""

from __future__ import annotations

import os
import re
from typing import Dict, Iterable, Iterator, List, Optional, Pattern, Sequence

from .external_files import TILE_TOKENS, is_regular, open_regular

Kind = str
FILE, FILM, FOLDER, PLACE = "file", "film", "folder", "place"
"""A film is whatever FFmpeg reads, sounds too; a folder holds caches; of a place only the name matters."""

_PROTOCOL = re.compile(r"[A-Za-z0-9+.-]{2,}(:|,.*:)", re.DOTALL)
"""As libavformat/avio.c tells one: options may stand between its name and the colon. One letter is a drive of Windows."""

_TEXTS = (".ans", ".art", ".asc", ".diz", ".ice", ".nfo", ".txt", ".vt")
"""FFmpeg draws the text that is in a file of such a name."""

_HEAD_BYTES = 1024
_BINARY = re.compile(rb"[^\t\n\f\r\x1b\x20-\xff]")
_RAW_FILM = b"YUV4MPEG2 "
"""Uncompressed film whose beginning is readable."""

_CACHED = (".avi", ".blob", ".bphys", ".exr", ".gz", ".jpg", ".json", ".png", ".raw", ".uni", ".vdb")
"""Names of the files that simulations and bakes keep in their folders, where others may keep other things."""

_CACHE_DEPTH = 3
"""Folders below the one that the blendfile names in which they are."""

_PROTOCOL_TOLD = "a protocol, not a file"


def has_protocol(path: str) -> bool:
    return _PROTOCOL.match(path) is not None


class Rules:
    """Looks each folder up once. `suffixes` are those of the scenes' views: with one, Blender opens the others too."""

    def __init__(self, suffixes: Sequence[str] = ()) -> None:
        self._suffixes = suffixes
        self._odd = {}  # type: Dict[str, List[str]]

    def objection(self, stored: str, absolute: Iterable[str], kind: Kind) -> Optional[str]:
        """Why Blender must not open it, in words for the user. That nothing is there is no objection.

        `absolute`: where Blender may look for it.
        """
        if has_protocol(stored):
            return _PROTOCOL_TOLD
        found = (self._objection_to(path, kind) for path in absolute)
        return next((each for each in found if each is not None), None)

    def _objection_to(self, absolute: str, kind: Kind) -> Optional[str]:
        if has_protocol(absolute):
            return _PROTOCOL_TOLD
        path = _as_opened(absolute)
        if kind == FOLDER:
            return "a pipe or a device in the folder" if self._holds_odd_files(path) else None
        if kind == PLACE or not os.path.basename(path):
            return None
        if (os.path.exists(path) and not is_regular(path)) or self._has_odd_companion(path):
            return "no regular file"
        if kind == FILM and _is_text(path):
            return "a text"
        return None

    def _has_odd_companion(self, path: str) -> bool:
        """Whether one of the files that Blender opens beside it is none: of a sequence, of UDIM tiles, of a view."""
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
            if place[len(folder) :].count(os.sep) >= _CACHE_DEPTH:
                del folders[:]
            if any(name.endswith(_CACHED) for name in self._odd_files(place)):
                return True
        return False


def _as_opened(path: str) -> str:
    """On other systems Blender reads a path of Windows like this."""
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
    """Names of what is there and is neither a regular file nor a folder."""
    try:
        with os.scandir(folder) as entries:
            odd = [each for each in entries if not each.is_file() and not each.is_dir()]
    except OSError:
        return []
    return [each.name for each in odd if os.path.exists(each.path)]  # not those links that lead nowhere


def _is_text(path: str) -> bool:
    """FFmpeg draws texts, and follows lists of other files and addresses. No film or sound begins with a readable text."""
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
