"""The node's own folder inside the cache folder. Nothing outside it is ever touched."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import StartError
from ..files.safe_files import TEMPORARY, check_folder, open_own, write_whole

NAME = "renderfarm"
MARKER = "CACHEDIR.TAG"
"""It also tells backup programs to skip the folder (https://bford.info/cachedir/)."""

_MARKER_TEXT = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# The cache of a render node (blender-renderfarm). While no node runs, this folder can be deleted.\n"
)


def claim_cache(cache_dir: Path) -> Path:
    """Returns the node's own folder in `cache_dir`, which may be a link. Makes it if it is missing.

    Raises StartError if it contains files, but was not made by a node.
    """
    root = cache_dir / NAME
    try:
        cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        names = _names_in(root)  # before checking for the marker, which another node may be making
        if not _is_marked(root):
            if not all(TEMPORARY.fullmatch(name) for name in names):
                raise StartError(
                    f"Cannot use the cache folder {cache_dir}: {root} holds files, but was not made by a node "
                    f"(it has no {MARKER} of a node)",
                    "Name another folder with --cache-dir",
                )
            write_whole(root / MARKER, _MARKER_TEXT)
        return root
    except OSError as error:
        raise StartError(
            f"Cannot use the cache folder {cache_dir}: {error}",
            "Name a folder that this user can write to, with --cache-dir or RENDERFARM_CACHE_DIR",
        ) from error


def _names_in(root: Path) -> list[str]:
    try:
        root.mkdir(mode=0o700)
    except FileExistsError:
        check_folder(root)
    return os.listdir(root)


def _is_marked(root: Path) -> bool:
    try:
        with os.fdopen(open_own(root / MARKER), encoding="utf-8", errors="replace") as file:
            return file.read(len(_MARKER_TEXT)) == _MARKER_TEXT
    except FileNotFoundError:
        return False
