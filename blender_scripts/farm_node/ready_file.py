"""Reports the node's address to the program that started it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import StartError
from .files.safe_files import write_whole


def write_ready_file(path: Path, facts: dict[str, Any]) -> None:
    """Writes the file atomically. Raises StartError."""
    try:
        write_whole(path, json.dumps(facts) + "\n")
    except OSError as error:
        hint = "Name a file in a folder that this user can write to"
        raise StartError(f"Cannot write the ready file {path}: {error}", hint) from error
