"""Who this node is: an id kept in the config folder, so that a coordinator knows it again under any address."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .errors import StartError
from .file_lock import FileLock
from .safe_files import check_owner, open_own, write_whole

ID_FILE = "node-id"
LOCK_FILE = "node-id.lock"
NODE_ID = re.compile(r"[0-9a-f]{32}")
MAX_ID_TEXT = 64


@dataclass
class Identity:
    """`kept` is False when another node holds the stored id, and this one made an id for its run only."""

    node_id: str
    kept: bool
    lock: Optional[FileLock]

    def release(self) -> None:
        if self.lock is not None:
            self.lock.release()


def claim_identity(config: Path) -> Identity:
    """Raises StartError when the config folder cannot be written."""
    try:
        make_config(config)
        lock = FileLock.try_acquire(config / LOCK_FILE)
        if lock is None:
            return Identity(secrets.token_hex(16), False, None)
        return Identity(_stored_or_new(config / ID_FILE), True, lock)
    except OSError as error:
        raise StartError(f"Cannot keep a node id in {config}: {error}. Name another folder with --config-dir") from error


def make_config(config: Path) -> None:
    """The folder of id and key; it may be a link, and must be this user's or root's. Raises OSError."""
    config.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_owner(config, config.stat())


def _stored_or_new(path: Path) -> str:
    try:
        with os.fdopen(open_own(path), encoding="ascii") as file:
            stored = file.read(MAX_ID_TEXT).strip()
        if NODE_ID.fullmatch(stored):
            return stored
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    made = secrets.token_hex(16)
    write_whole(path, made + "\n")
    return made
