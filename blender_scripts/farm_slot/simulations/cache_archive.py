"""The archive of caches that a baked blendfile keeps. Pure: no bpy. Anybody may have made the blendfile."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from typing import Any, Dict, Iterable, List, Set, Tuple

from ..faults import SlotFault

_CONTENTS = "caches.json"
_FOLDER = re.compile(r"[0-9]{1,6}")
_FILE = re.compile(r"[0-9]{1,6}/points[0-9]{1,6}_-?[0-9]{1,6}_[0-9]{1,6}\.bphys")
"""Names of a cache's files in its subfolder, as Blender gives them."""

MAX_BYTES = 1 << 30
"""All files of a blendfile, unpacked. Each slot has them on its disk, and the archive in memory while it opens the file."""

_MAX_CONTENTS_BYTES = 16 << 20

_BLOCK_BYTES = 4096
"""What the smallest file or folder takes of a disk. An empty file has none, but an entry in a table of the file system."""

Key = Tuple[str, ...]
"""Names a cache in a file and in its copy: its kind, its owner and the owner's library, and which of the owner's caches it is."""


def pack(folder: str, found: Dict[Key, str]) -> bytes:
    """The archive of what is in the subfolders. Raises SlotFault if that is too much."""
    files = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
    contents = json.dumps([[list(key), where] for key, where in found.items()]).encode("utf-8")
    size = _on_disk([(os.path.join(folder, _CONTENTS), len(contents)), *((path, os.path.getsize(path)) for path in files)])
    if size > MAX_BYTES:
        raise SlotFault("UNSUPPORTED", "its caches have %d MB, and a copy keeps %d MB" % (size >> 20, MAX_BYTES >> 20))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_CONTENTS, contents)
        for path in sorted(files):
            archive.write(path, os.path.relpath(path, folder).replace(os.sep, "/"))
    return packed.getvalue()


def unpack(archives: List[bytes], folder: str) -> Dict[Key, str]:
    """Unpacks those of all scenes below the folder, and nothing else. Returns the absolute folder of each cache.

    Neither the size of the blendfile nor that of the archives says how much there is: the blendfile may be compressed, and
    the files in an archive may overlap. Raises SlotFault if they are damaged or too much.
    """
    try:
        opened = [zipfile.ZipFile(io.BytesIO(archive)) for archive in archives]
        listed = [[(entry.filename, entry.file_size) for entry in archive.infolist()] for archive in opened]
        if sum(map(_on_disk, listed)) > MAX_BYTES:
            raise SlotFault("FILE_UNREADABLE", "the caches in the file have more than %d MB" % (MAX_BYTES >> 20))
        found = {}  # type: Dict[Key, str]
        for number, archive in enumerate(opened):
            found.update(_unpack(archive, os.path.join(folder, str(number))))
        return found
    except (ArithmeticError, EOFError, LookupError, RuntimeError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise SlotFault("FILE_UNREADABLE", "the caches in the file are damaged") from error


def _unpack(archive: Any, folder: str) -> Dict[Key, str]:
    entries = archive.infolist()
    contents = archive.getinfo(_CONTENTS)
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries) or contents.file_size > _MAX_CONTENTS_BYTES:
        raise ValueError("not as it was packed")
    places = {tuple(map(str, key)): where for key, where in json.loads(archive.read(contents).decode("utf-8"))}
    if not all(_FOLDER.fullmatch(where) for where in places.values()):
        raise ValueError("not a folder")
    for entry in entries:
        if _FILE.fullmatch(entry.filename):
            archive.extract(entry, folder)
    return {key: os.path.join(folder, where) for key, where in places.items()}


def _on_disk(files: Iterable[Tuple[str, int]]) -> int:
    """What files with these names and sizes take, with their folders."""
    sizes, folders = [], set()  # type: List[int], Set[str]
    for name, size in files:
        sizes.append(size)
        folders.add(os.path.dirname(name))
    return _BLOCK_BYTES * (len(folders) + sum(max(1, -(-size // _BLOCK_BYTES)) for size in sizes))
