"""Telling the program that started the node where it serves."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .errors import StartError


def write_ready_file(path: Path, facts: dict[str, Any]) -> None:
    """Atomic: who sees the file sees it whole. Raises StartError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_text(json.dumps(facts) + "\n", "utf-8")
        temporary.replace(path)
    except OSError as error:
        try:
            temporary.unlink(missing_ok=True)
        except OSError:
            pass  # the folder takes no change at all
        hint = "Name a file in a folder that this user can write to"
        raise StartError(f"Cannot write the ready file {path}: {error}", hint) from error
