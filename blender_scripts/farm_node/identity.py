"""The node's id, from its config folder and its machine, so that a coordinator recognizes it at any address."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from .errors import StartError
from .files.file_lock import FileLock
from .files.safe_files import NotOursError, check_owner, check_writers, open_own, write_whole
from .machine_id import machine_id_name

ID_FILE = "node-id"
LOCK_FILE = "node-id.lock"
NODE_ID = re.compile(r"[0-9a-f]{32}")
LABEL = b"renderfarm node id"
START_BYTES = 8
MAX_ID_TEXT = 64


@dataclass
class Identity:
    """`temporary_because` says why the id is for this run only; it is empty if the next run has the same id.

    `start` is random for each run. It distinguishes a restarted node from another one with the same id.
    """

    node_id: str
    temporary_because: str
    lock: Optional[FileLock]
    start: str = field(default_factory=lambda: secrets.token_hex(START_BYTES))

    def release(self) -> None:
        if self.lock is not None:
            self.lock.release()


def claim_identity(config: Path, machine: Optional[str]) -> Identity:
    """If its config folder cannot be written to, a node gets another id in its next run.

    `machine` is the machine's own id. It is part of the node's id because a disk image may have copied the config
    folder to many machines. None (the machine has no id) gives a random id for this run; "" means that the folder was
    made for this node only.

    Raises StartError if the config folder, or the id in it, belongs to another user.
    """
    if machine is None:
        return Identity(_random_id(), f"this machine has no id of its own ({machine_id_name()})", None)
    lock = None
    try:
        make_config(config)
        lock = FileLock.try_acquire(config / LOCK_FILE)
        if lock is None:
            return Identity(_random_id(), f"another node runs with {config}", None)
        return Identity(_combined(_stored_or_new(config / ID_FILE), machine), "", lock)
    except OSError as error:
        if lock is not None:
            lock.release()
        if isinstance(error, NotOursError):
            raise StartError(f"Cannot use {config}: {error}", "Name another folder with --config-dir") from error
        why = error.strerror or str(error)
        return Identity(_random_id(), f"no node id can be saved in {config} ({why})", None)


def make_config(config: Path) -> None:
    """Makes the folder of id and key. It may be a link, but only this user and root may write to it. Raises OSError."""
    config.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_config(config)


def check_config(config: Path) -> None:
    """Raises NotOursError if others could have written its contents; FileNotFoundError, OSError."""
    found = config.stat()
    check_owner(config, found)
    check_writers(config, found)


def _combined(stored: str, machine: str) -> str:
    """Hashes with the machine's id as the key, as `man machine-id` asks: the result must not reveal that id."""
    return hmac.new(machine.encode("ascii"), LABEL + stored.encode("ascii"), hashlib.sha256).hexdigest()[:32]


def _random_id() -> str:
    return secrets.token_hex(16)


def _stored_or_new(path: Path) -> str:
    try:
        with os.fdopen(open_own(path), encoding="ascii") as file:
            stored = file.read(MAX_ID_TEXT).strip()
        if NODE_ID.fullmatch(stored):
            return stored
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    made = _random_id()
    write_whole(path, made + "\n")
    return made
