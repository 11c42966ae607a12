"""Why a slot's process ended, was killed, or could not do its work, as faults. Pure, except for `oom_kills`."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path
from typing import Any, Iterable, Optional

from ..errors import FAULT_CODES, Fault
from .blender_log import ENVIRONMENT_CODES, explain
from .blender_program import PYTHON_ERROR_EXIT
from .slot_process import SlotEnd

_VMSTAT = Path("/proc/vmstat")
_SIGKILL = -9
_FROM_OUTSIDE = (-1, -2, _SIGKILL, -15)
"""SIGHUP, SIGINT, SIGKILL, SIGTERM; Windows only has names for some."""

_WINDOWS_FROM_OUTSIDE = {
    1: "by the Task Manager, taskkill or another program",
    0xFFFFFFFF: "by another program",
    0xC000013A: "by Ctrl-C or by closing its console",
    0x40010004: "when the user logged off",
    0xC000026B: "when the system shut down",
}
"""Exit statuses on Windows of a process that was killed. Blender itself is not known to exit with one of them."""
_WINDOWS_NO_MEMORY = (0xC0000017, 0xC000012D)
"""STATUS_NO_MEMORY, STATUS_COMMITMENT_LIMIT."""
_ACCESS_VIOLATION = 0xC0000005
_CRASH_REPORT = re.compile("EXCEPTION_ACCESS_VIOLATION|crash\\.txt", re.IGNORECASE)
"""A Blender that crashes on Windows reports that, and where it writes its crash report."""


def oom_kills() -> Optional[int]:
    """How often Linux has killed a process for lack of memory since the machine started; None if unknown."""
    try:
        for line in _VMSTAT.read_text("ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return None


def explain_end(
    end: SlotEnd,
    lines: Iterable[str],
    first_eevee_frame: bool = False,
    oom_before: Optional[int] = None,
    oom_after: Optional[int] = None,
    platform: str = sys.platform,
) -> Fault:
    """The fault of a process that ended although the node did not stop it.

    A signal that only other programs send says nothing about the scene: low-memory guards kill large processes, and
    people kill slow ones. A SIGKILL counts as lack of memory, unless Linux counts such kills and has counted none.
    Windows has no signals; there the exit status decides. An access violation is a crash if Blender's own handler has
    reported it. A process that the system kills for lack of a resource has the same status, but reports nothing.
    EEVEE without EGL ends the process at its first frame, often without a message. `first_eevee_frame` says whether the
    process was rendering that frame.
    """
    if end.missing:
        return Fault("BLENDER_MISSING", end.message)
    if end.status is None:
        return Fault("CRASHED", end.message or "Blender could not be started")
    named = explain(lines, ENVIRONMENT_CODES)
    if named is not None:
        return named
    if platform == "win32":
        fault = _windows_end(end.status, lines)
        if fault is not None:
            return fault
    if end.status == _SIGKILL and (oom_before is None or oom_after != oom_before):
        return Fault("OUT_OF_MEMORY", "Blender was killed, most likely because memory ran out")
    if end.status in _FROM_OUTSIDE:
        return Fault("KILLED", f"Blender was killed from outside ({_how(end.status)})")
    if first_eevee_frame:
        return Fault("NO_EGL", f"Blender ended at its first EEVEE frame ({_how(end.status)})")
    return Fault("CRASHED", f"Blender ended by itself ({_how(end.status)})")


def _windows_end(status: int, lines: Iterable[str]) -> Optional[Fault]:
    status &= 0xFFFFFFFF
    if status in _WINDOWS_NO_MEMORY:
        return Fault("OUT_OF_MEMORY", f"Blender was killed because memory ran out (exit status 0x{status:08X})")
    if status in _WINDOWS_FROM_OUTSIDE:
        return Fault("KILLED", f"Blender was killed {_WINDOWS_FROM_OUTSIDE[status]} (exit status {_status(status)})")
    if status == _ACCESS_VIOLATION and not any(_CRASH_REPORT.search(line) for line in lines):
        return Fault("KILLED", f"Blender was killed without a crash report (exit status {_status(status)})")
    return None


def explain_raised(event: dict[str, Any], otherwise: str, lines: Iterable[str]) -> Fault:
    """The fault of an exception in the slot: its own code, or what its message or the log says."""
    message, code = str(event.get("message", "")), event.get("code")
    if code in FAULT_CODES:
        return Fault(str(code), message, str(event.get("hint") or ""))
    named = explain([message]) or explain(lines, ENVIRONMENT_CODES)
    return Fault(named.code if named else otherwise, message)


def silent_start(limit_s: float) -> Fault:
    message = f"Blender did not report within {limit_s / 60:g} minutes of its start"
    hint = "Check whether a disk or the graphics driver of the node hangs: start Blender there"
    return Fault("TIMED_OUT", message, hint)


def endless_load(limit_s: float) -> Fault:
    message = f"Blender did not open the file within {limit_s / 60:g} minutes"
    return Fault("TIMED_OUT", message, "Check whether it uses files on a network drive that hangs: open it on the node")


def endless_silence(limit_s: float) -> Fault:
    message = f"Blender showed no progress for {limit_s / 60:g} minutes"
    return Fault("TIMED_OUT", message, "Check whether the scene uses files on a network drive that hangs: open it on the node")


def endless_check(limit_s: float) -> Fault:
    message = f"Blender did not render a small picture, or a frame for the second time, within {limit_s / 60:g} minutes"
    return Fault("TIMED_OUT", message, "Check whether the graphics driver of the node hangs: render the scene there in Blender")


def _how(status: int) -> str:
    if status < 0:
        return _signal_name(-status)
    return "an error in its script" if status == PYTHON_ERROR_EXIT else f"exit status {_status(status)}"


def _status(status: int) -> str:
    """In hexadecimal for Windows, where statuses are known in that form."""
    return str(status) if status < 256 else f"0x{status:08X}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def is_permanent(fault: Fault, is_loaded: bool) -> bool:
    """Whether another process would end in the same way.

    Until a slot has opened the file, the coordinator waits for the answer, so a timeout must not be repeated.
    """
    return fault.code in ("TIMED_OUT", "BLENDER_MISSING") and not is_loaded
