"""Who this node is: an id kept in the config folder, so that a coordinator knows it again under any address."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .file_lock import FileLock

ID_FILE = "node-id"
LOCK_FILE = "node-id.lock"
NODE_ID = re.compile(r"[0-9a-f]{32}")


@dataclass
class Identity:
    """`kept` is False when another node holds the stored id, or none can be stored, and this one has an id for its run."""

    node_id: str
    kept: bool
    lock: Optional[FileLock]
    problem: str = ""
    """Why none can be stored."""

    def release(self) -> None:
        if self.lock is not None:
            self.lock.release()


def claim_identity(config: Path) -> Identity:
    """Never raises: a node whose config folder cannot be written to has another id in its next run."""
    lock = None
    try:
        config.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock.try_acquire(config / LOCK_FILE)
        if lock is None:
            return Identity(secrets.token_hex(16), False, None)
        return Identity(_stored_or_new(config / ID_FILE), True, lock)
    except OSError as error:
        if lock is not None:
            lock.release()
        return Identity(secrets.token_hex(16), False, None, error.strerror or str(error))


def _stored_or_new(path: Path) -> str:
    try:
        stored = path.read_text("ascii").strip()
        if NODE_ID.fullmatch(stored):
            return stored
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    made = secrets.token_hex(16)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(made + "\n", "ascii")
    temporary.replace(path)
    return made
