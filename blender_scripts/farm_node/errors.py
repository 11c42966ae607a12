"""Errors, with closed lists of codes that both sides know (docs/protocol.md, "Error codes")."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from typing import Any, Union

from .hints import HINTS

FAULT_CODES = frozenset(
    """CANCELLED SLOT_LOST SLOT_FULL NO_OUTPUT RENDER_FAILED CRASHED KILLED OUT_OF_MEMORY OUT_OF_GPU_MEMORY GPU_FAILED
    NO_DENOISER NO_EGL NO_DISPLAY LIBRARY_MISSING ADDON_FAILED NO_CAMERA SCENE_NOT_FOUND CAMERA_NOT_FOUND
    VIEW_LAYER_NOT_FOUND ENGINE_NOT_FOUND ENGINE_MISSING PICTURE_TOO_LARGE FILE_UNREADABLE FILE_TOO_NEW FILES_CHANGED
    BLOB_MISSING READ_FAILED LOAD_FAILED UNSUPPORTED FORMAT_UNSUPPORTED DISK_FULL TIMED_OUT BLENDER_MISSING""".split()
)
"""Codes for a failed attempt or load."""

BLOB_CODES = frozenset({"DIGEST_MISMATCH", "DISK_FULL", "TOO_LARGE", "WRITE_FAILED"})
"""Codes for a rejected blob."""

MAX_LOG_LINES = 200
MAX_TEXT = 4096


def is_disk_full(error: OSError) -> bool:
    """Also if the user's quota is exceeded."""
    return error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


class StartError(Exception):
    """The node cannot start with these options; message and hint are for the person who started it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ProtocolError(Exception):
    """The other side broke the protocol. The link is closed after the reply.

    `code` is sent to the peer, `close_code` is the WebSocket close code. `reply` is False if the protocol forbids an
    answer (a wrong seal).
    """

    def __init__(self, message: str, code: str = "BAD_MESSAGE", close_code: int = 1002, reply: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.close_code = close_code
        self.reply = reply


class BlobError(Exception):
    """A blob was rejected; `code` is one of BLOB_CODES."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        assert code in BLOB_CODES, code
        self.code = code


@dataclass(frozen=True)
class Fault:
    """Why an attempt or a load failed: a code, Blender's message or ours, advice, and the slot's last log lines.

    Without a `hint` it gets the general one for its code.
    """

    code: str
    message: str
    hint: str = ""
    log: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        assert self.code in FAULT_CODES, self.code
        if not self.hint:
            object.__setattr__(self, "hint", HINTS.get(self.code, ""))

    def with_log(self, lines: list[str]) -> Fault:
        return Fault(self.code, self.message, self.hint, tuple(lines[-MAX_LOG_LINES:]))

    def to_message(self) -> dict[str, Any]:
        """The fault as in a protocol message, cut to the protocol's limits."""
        return {
            "code": self.code,
            "message": self.message[:MAX_TEXT],
            "hint": self.hint[:MAX_TEXT],
            "log": [line[:MAX_TEXT] for line in self.log[-MAX_LOG_LINES:]],
        }


class FaultError(Exception):
    """A `Fault` that ends an operation."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def fault_of(error: Union[FaultError, OSError]) -> Fault:
    """The fault of an operation that has failed."""
    if isinstance(error, FaultError):
        return error.fault
    if is_disk_full(error):
        return Fault("DISK_FULL", f"The node's disk is full: {error}")
    return Fault("READ_FAILED", f"The node cannot use its files: {error}")
