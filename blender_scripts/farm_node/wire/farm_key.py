"""Reads, makes and names the farm's shared key. The key itself is never logged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional

from farm_slot.held_files import while_held

from ..errors import StartError
from ..files.regular_file import open_regular_file
from ..files.safe_files import NotOursError, check_writers, open_new, open_own, temporary_name
from ..identity import check_config, make_config

MIN_BITS = 128
LONGEST_BLOCK = 16
"""The longest repeated block to look for. Nobody types a longer one repeatedly, and no random key repeats one."""

NEW_KEY_BYTES = 20
MAX_KEY_TEXT = 64 * 1024
KEY_FILE = "key"
ENVIRONMENT = "RENDERFARM_KEY"
_OTHER_WAYS = (
    f"Set {ENVIRONMENT} to the farm's key, or name a file that holds it with --key-file,"
    " or a folder that this user can write to with --config-dir or RENDERFARM_CONFIG_DIR"
)


@dataclass(frozen=True)
class FarmKey:
    """`raw` is empty on an open node. `made_text` is only set if the key was made in this run, to be shown."""

    raw: bytes
    key_id: Optional[str]
    made_text: Optional[str] = None

    def __repr__(self) -> str:
        return f"FarmKey({self.key_id})"  # a traceback or a log must not contain the key


OPEN_KEY = FarmKey(b"", None)


def parse_key(text: str) -> bytes:
    """Raw bytes of a key in base32. Case, spaces and hyphens do not matter.

    Raises ValueError, whose message does not contain the key.
    """
    letters = "".join(text.split()).replace("-", "")
    if not letters.isascii():
        raise ValueError("a key has only the letters A to Z and the digits 2 to 7")  # "ß".upper() would be two letters
    letters = letters.upper()
    if any(letter not in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" for letter in letters):
        raise ValueError("a key has only the letters A to Z and the digits 2 to 7")
    if len(letters) * 5 < MIN_BITS:
        raise ValueError(f"a key has at least 26 characters, this one has {len(letters)}")
    if len(letters) % 8 in (1, 3, 6):
        raise ValueError(f"no key has {len(letters)} characters; some are missing")
    raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    if not any(raw):
        raise ValueError("a key of zeros protects nothing")  # HMAC treats it like an empty key
    block = next((length for length in range(1, LONGEST_BLOCK + 1) if letters[length:] == letters[:-length]), None)
    if block is not None:
        guessable = f"it repeats its first letters ({block}), so it can be guessed"
        raise ValueError(f"{guessable}: 'renderfarm key make' makes a good one")
    return raw


def format_key(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=")


def key_id(raw: bytes) -> str:
    """Short public id of a key, which a coordinator uses to choose the right one."""
    return hmac.new(raw, b"renderfarm key id", hashlib.sha256).hexdigest()[:8]


def load_key(config: Path, key_file: Optional[Path], env: Mapping[str, str] = os.environ) -> FarmKey:
    """The key from the environment, the given file or the config folder, where the first node makes one.

    Raises StartError if a key exists but is unusable: continuing with another one would hide the mistake.
    """
    given = env.get(ENVIRONMENT)
    if given:
        return _named(given, f"the environment variable {ENVIRONMENT}")
    path = key_file or config / KEY_FILE
    try:
        # A file that the user named may be a link and belong to root, like secrets of Kubernetes.
        if key_file is None:
            check_config(config)
        text = _read_named(key_file) if key_file is not None else _read_own(path)
        return _named(text, f"the file {path}")
    except FileNotFoundError:
        if key_file is not None:
            raise StartError(f"Cannot read the key: there is no file {key_file}") from None
    except NotOursError as error:
        raise StartError(f"Cannot use the key in {config}: {error}", "Name the right file with --key-file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"Cannot read the key from {path}: {error}", _OTHER_WAYS) from error
    return _make(path)


def _read_named(path: Path) -> str:
    with open_regular_file(path) as file:
        return file.read(MAX_KEY_TEXT).decode("utf-8")


def _read_own(path: Path) -> str:
    with os.fdopen(open_own(path), encoding="utf-8") as file:
        check_writers(path, os.fstat(file.fileno()))
        return file.read(MAX_KEY_TEXT)


def _named(text: str, source: str) -> FarmKey:
    try:
        raw = parse_key(text)
    except ValueError as error:
        raise StartError(f"Cannot use the key in {source}: {error}") from None
    return FarmKey(raw, key_id(raw))


def _make(path: Path) -> FarmKey:
    raw = secrets.token_bytes(NEW_KEY_BYTES)
    text = format_key(raw)
    temporary = path.with_name(temporary_name())
    try:
        make_config(path.parent)
        handle = open_new(temporary)
        try:
            os.write(handle, (text + "\n").encode("ascii"))
            os.fsync(handle)
        finally:
            os.close(handle)
        return _publish(temporary, path, FarmKey(raw, key_id(raw), text))
    except OSError as error:
        raise StartError(f"Cannot write a new key to {path}: {error}", _OTHER_WAYS) from error
    finally:
        _remove(temporary)


def _publish(temporary: Path, path: Path, made: FarmKey) -> FarmKey:
    """Two nodes may start at the same time in one config folder: the first key wins, and the second node uses it."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return _named(_read_own(path), f"the file {path}")
    except OSError:
        while_held(lambda: os.replace(temporary, path))  # on a file system without hard links
    return made


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass  # a read-only folder has no such file
