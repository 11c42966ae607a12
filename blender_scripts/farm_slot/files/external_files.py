"""The external files that decide a blendfile's pixels, and whether they have changed. Pure: no bpy.

A slot takes stock of them when it loads. Later the supervisor, which never opens a scene, checks that the stock is valid.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import re
import stat
import time
from typing import IO, Any, Dict, Iterable, Iterator, List, Optional, Tuple

from .change_time import change_time_ns

Stock = Dict[str, Any]
"""`references`: [name in the blendfile, absolute path]; `files`: [name, path, stamp, digest of the contents]. It is JSON."""

TILE_TOKENS = ("<UDIM>", "<UVTILE>")
"""Placeholder for the tile number in an image's path."""

_MADE_UP = ("/proc/", "/sys/")
"""Where the kernel shows things that look like files."""

FOLDER_MARK = "\0"
"""No path in a blendfile contains it."""

CACHED = (".avi", ".blob", ".bphys", ".exr", ".gz", ".jpg", ".json", ".png", ".raw", ".uni", ".vdb")
"""Names of the files that simulations and bakes keep in their folders, which may contain other files too."""

CACHE_DEPTH = 3
"""Subfolders in which they keep them."""

COARSEST_CLOCK_S = 2.0
"""Resolution of a file system's times (FAT): a file may have been written twice within the same tick."""


def take_stock(references: Iterable[Tuple[str, str]]) -> Stock:
    """Reads all existing files. Of an image sequence only the file that Blender names is included.

    A name that ends with FOLDER_MARK is that of a folder with caches: of its files only the sizes count, as there may be
    much in them.
    """
    known = sorted(set(references))
    return {
        "references": [list(each) for each in known],
        "files": [[name, file, stamp_of(file), _digest_for(name, file)] for name, file in _files(known)],
    }


def digest_of(stock: Stock, without: Iterable[str] = ()) -> Optional[str]:
    """SHA-256 of names and contents; None if there is no file. `without`: names that do not count."""
    left_out = set(without)
    counted = [entry for entry in stock["files"] if entry[0] not in left_out]
    if not counted:
        return None
    whole = hashlib.sha256()
    for name, file, _, contents in counted:
        about = "%s\0%s\0%s\n" % (name, os.path.basename(file), contents)
        whole.update(about.encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def first_changed(stock: Stock) -> Optional[str]:
    """Name of a file that is new, gone or different now; None if there is none. Only files with another stamp are read."""
    known = {(name, file) for name, file, _, _ in stock["files"]}
    moved = known.symmetric_difference(_files((name, path) for name, path in stock["references"]))
    if moved:
        return min(moved)[0].rstrip(FOLDER_MARK)
    for entry in stock["files"]:
        name, file, stamp, contents = entry
        now = stamp_of(file)
        if stamp is None or stamp != now:
            if contents != _digest_for(name, file):
                return str(name).rstrip(FOLDER_MARK)
            entry[2] = now  # so that it is not read again the next time
    return None


def outside_of(folder: str, stock: Stock) -> Stock:
    """The part of the stock that is not in the folder."""
    inside = os.path.join(os.path.realpath(folder), "")
    parts = ("references", "files")
    return {part: [each for each in stock[part] if not os.path.realpath(each[1]).startswith(inside)] for part in parts}


def stamp_of(file: str) -> Optional[List[int]]:
    """Recognizes an unchanged file without reading it; None if that is impossible, as for a file just written."""
    try:
        facts = os.stat(file)
        changed = change_time_ns(os.path.realpath(file), facts)
    except OSError:
        return None
    if max(facts.st_mtime, facts.st_ctime) > time.time() - COARSEST_CLOCK_S:
        return None
    return [facts.st_size, facts.st_mtime_ns, changed, facts.st_ino]


def digest_of_contents(file: str) -> str:
    """For an unreadable file, the reason."""
    contents = hashlib.sha256()
    try:
        with open_regular(file) as stream:
            for piece in iter(lambda: stream.read(1 << 20), b""):
                contents.update(piece)
    except OSError as error:
        return "unreadable: %s" % error.errno
    return contents.hexdigest()


def is_regular(path: str) -> bool:
    """Whether it is a file that can be read to its end: not a pipe, a device, or something that the kernel makes up."""
    return os.path.isfile(path) and not os.path.realpath(path).startswith(_MADE_UP)


def open_regular(file: str) -> IO[bytes]:
    """Does not wait if the file was replaced by a pipe. Raises OSError."""
    stream = open(file, "rb", opener=_open_at_once)
    if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return stream
    stream.close()
    raise OSError(errno.EINVAL, "not a regular file")


def _open_at_once(file: str, flags: int) -> int:
    return os.open(file, flags | getattr(os, "O_NONBLOCK", 0))


def is_there(path: str, is_sequence: bool = False) -> bool:
    """`is_sequence`: the number in the path is any one of a sequence, which may begin with another."""
    return os.path.exists(path) or bool(_tiles_of(path)) or (is_sequence and _has_numbered(path))


def _has_numbered(path: str) -> bool:
    found = re.match(r"(.*?)\d+(\D*)\Z", os.path.basename(path), re.DOTALL)
    if found is None:
        return False
    pattern = re.compile(re.escape(found.group(1)) + r"\d+" + re.escape(found.group(2)) + r"\Z", re.DOTALL)
    try:
        return any(pattern.match(name) for name in os.listdir(os.path.dirname(path) or "."))
    except OSError:
        return False


def _files(references: Iterable[Tuple[str, str]]) -> List[Tuple[str, str]]:
    return sorted({(name, file) for name, path in references for file in _files_of(name, path)})


def _digest_for(name: str, file: str) -> str:
    if not name.endswith(FOLDER_MARK):
        return digest_of_contents(file)
    try:
        return "%d bytes" % os.stat(file).st_size
    except OSError as error:
        return "unreadable: %s" % error.errno


def _files_of(name: str, path: str) -> List[str]:
    if name.endswith(FOLDER_MARK):
        return [file for file in _files_below(path) if is_regular(file)]
    return [path] if is_regular(path) else [tile for tile in _tiles_of(path) if is_regular(tile)]


def _files_below(folder: str) -> Iterator[str]:
    """The files of caches in a folder, which may be any folder that a blendfile names."""
    for place, folders, names in os.walk(folder):
        if place[len(folder) :].count(os.sep) >= CACHE_DEPTH:
            del folders[:]
        yield from (os.path.join(place, name) for name in names if name.endswith(CACHED))


def _tiles_of(path: str) -> List[str]:
    for token in TILE_TOKENS:
        if token in path:
            return glob.glob(glob.escape(path).replace(token, "*"))
    return []
