"""Reads the coordinator's messages (docs/protocol.md). All limits are checked before a value is used. Pure."""

from __future__ import annotations

import json
import re
import struct
from typing import Any, NamedTuple

from ..errors import ProtocolError
from .addons import are_addons
from .checks import Check, is_name as _name, whole as _whole
from .overrides import are_overrides
from .pictures import MAX_PICTURES, are_pictures

MAX_HANDSHAKE_TEXT = 4 * 1024
MAX_TEXT = 1024 * 1024
MAX_PIECE = 1024 * 1024
PIECE_HEADER = struct.Struct(">IQ")
MAX_BLOB = 2**40
MAX_FRAME_BYTES = 2**32
MAX_FRAME = 1_048_574
MAX_ATTEMPT = 2**53 - 1  # the largest whole number that JSON carries safely
MAX_SLOTS = 256
MAX_RESULTS = 4096
MAX_PATH = 1024
MAX_ADDED = 256
MAX_CHECKED = 16
"""Frames at which the order of frames is checked."""
MAX_BUNDLED = 256
"""Small blobs that are asked for, or sent, together."""
MAX_DIGITS = 32
"""Digits of a number: Python's int() takes quadratic time for long ones."""

Message = dict[str, Any]


def _hex(digits: int) -> Check:
    pattern = re.compile(f"[0-9a-f]{{{digits}}}")
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _path(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_PATH


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


_SHA = _hex(64)
_JOB = _hex(32)
_FRAME = _whole(-MAX_FRAME, MAX_FRAME)
_ATTEMPT = _whole(0, MAX_ATTEMPT)
_TRANSFER = _whole(0, 2**32 - 1)
_BLOB_SIZE = _whole(0, MAX_BLOB)
_FILE: dict[str, Check] = {"path": lambda value: _path(value) and value != "", "sha256": _SHA}
_BLOB: dict[str, Check] = {"sha256": _SHA, "sizeBytes": _BLOB_SIZE}
_PAIR: dict[str, Check] = {"frame": _FRAME, "attempt": _ATTEMPT}


def _share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1


def _frames(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MAX_CHECKED and all(map(_FRAME, value))


def _files(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MAX_ADDED and all(map(_is_file, value))


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and all(name in value and check(value[name]) for name, check in _FILE.items())


def _blobs(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MAX_BUNDLED and all(map(_is_blob, value))


def _is_blob(value: Any) -> bool:
    return isinstance(value, dict) and all(name in value and check(value[name]) for name, check in _BLOB.items())


def _bundle(value: Any) -> bool:
    return _blobs(value) and 0 < sum(blob["sizeBytes"] for blob in value) <= MAX_PIECE


HANDSHAKE_MESSAGES: dict[str, dict[str, Check]] = {
    "hello": {"protocol": _whole(0, 2**31), "nonce": _hex(64)},
    "prove": {"proof": _hex(64)},
}

MESSAGES: dict[str, dict[str, Check]] = {
    "heartbeat": {},
    "error": {"code": lambda v: _name(v) and v != "", "message": lambda v: isinstance(v, str) and len(v) <= 4096},
    "job-open": {"job": _JOB, "holder": _name, "name": _name, "slots": _or_null(_whole(1, MAX_SLOTS))},
    "blob-query": {"sha256": _SHA, "sizeBytes": _BLOB_SIZE, "path": _path},
    "blob-begin": {"transfer": _TRANSFER, "sha256": _SHA, "sizeBytes": _BLOB_SIZE, "offset": _BLOB_SIZE},
    "blob-end": {"transfer": _TRANSFER, "sha256": _SHA},
    "blobs-query": {"number": _TRANSFER, "blobs": _blobs},
    "blob-bundle": {"transfer": _TRANSFER, "blobs": _bundle},
    "blob-fetch": {"transfer": _TRANSFER, "sha256": _SHA},
    "job-load": {
        "job": _JOB,
        "blend": _SHA,
        "scene": _or_null(_name),
        "colorMode": _or_null(lambda value: value == "RGB"),
        "allowScripts": lambda value: type(value) is bool,
        "path": _path,
        "files": _or_null(_SHA),
        "colors": _or_null(_path),
        "simulations": _or_null(lambda value: value == "play"),
        "sampleFrom": _or_null(_whole(1, MAX_FRAME)),
        "overrides": _or_null(are_overrides),
        "pictures": _or_null(are_pictures),
        "addons": are_addons,
    },
    "project-add": {"job": _JOB, "number": _TRANSFER, "files": _files},
    "order-check": {"number": _TRANSFER, "frames": _frames},
    "job-bake": {"number": _TRANSFER, "limitSeconds": _whole(1, 2**31)},
    "job-mix": {"number": _TRANSFER, "firstFrame": _FRAME, "lastFrame": _FRAME},
    "frame-assign": {"slot": _whole(0, MAX_SLOTS - 1), **_PAIR},
    "frame-withdraw": _PAIR,
    "frame-cancel": _PAIR,
    "result-fetch": {"transfer": _TRANSFER, **_PAIR, "offset": _whole(0, MAX_FRAME_BYTES), "picture": _whole(0, MAX_PICTURES - 1)},
    "result-release": _PAIR,
    "job-checks": {"share": _or_null(_share), "seed": _whole(0, 2**32 - 1)},
    "job-close": {"job": _JOB},
    "duplicate-id": {"name": _name, "address": _name},
}

OPTIONAL = frozenset(
    {
        ("job-open", "name"),
        ("blob-query", "path"),
        ("job-load", "allowScripts"),
        ("job-load", "path"),
        ("job-load", "files"),
        ("job-load", "colors"),
        ("job-load", "simulations"),
        ("job-load", "sampleFrom"),
        ("job-load", "overrides"),
        ("job-load", "pictures"),
        ("result-fetch", "picture"),
        ("job-load", "addons"),
    }
)
"""Fields that were added later. Older coordinators do not send them."""


class Piece(NamedTuple):
    """A part of a transfer, at an offset in bytes."""

    transfer: int
    offset: int
    data: bytes


def parse_message(text: str, known: dict[str, dict[str, Check]]) -> Message:
    """Parses a message of the given set; unknown fields are dropped. Raises ProtocolError."""
    try:
        value = json.loads(text, parse_int=_parse_int, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"Cannot read a message: {error}") from None
    if not isinstance(value, dict):
        raise ProtocolError("Cannot read a message: it is not an object")
    kind = value.get("type")
    checks = known.get(kind) if isinstance(kind, str) else None
    if checks is None:
        raise ProtocolError(f"Cannot read a message: its type is unknown: {_shown(kind)}")
    message: Message = {"type": kind}
    for field, check in checks.items():
        if field not in value:
            if (kind, field) in OPTIONAL:
                continue
            raise ProtocolError(f"Cannot read {kind}: it has no {field}")
        if not check(value[field]):
            raise ProtocolError(f"Cannot read {kind}: {field} is {_shown(value[field])}")
        message[field] = value[field]
    return message


def _shown(value: Any) -> str:
    """A value for an error message. Lists are not shown in detail: they may be nested too deeply for Python."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return repr(str(value)[:80])


def _parse_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def encode_message(message: Message) -> str:
    """Replaces lone surrogates (from a damaged name in a blendfile), which UTF-8 cannot encode."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def parse_piece(data: bytes) -> Piece:
    """Raises ProtocolError for a piece without data or above the limit."""
    size = len(data) - PIECE_HEADER.size
    if not 1 <= size <= MAX_PIECE:
        raise ProtocolError(f"Cannot read a piece: it has {size} bytes of data")
    transfer, offset = PIECE_HEADER.unpack_from(data)
    return Piece(transfer, offset, data[PIECE_HEADER.size :])


def encode_piece(transfer: int, offset: int, data: bytes) -> bytes:
    return PIECE_HEADER.pack(transfer, offset) + data
