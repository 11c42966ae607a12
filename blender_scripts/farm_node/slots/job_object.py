"""On Windows: kills a process together with all its descendants, at the latest when this process ends."""

from __future__ import annotations

import sys
from typing import Optional

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _EXTENDED_LIMITS, _KILL_ON_CLOSE = 9, 0x2000
    _SET_QUOTA_AND_TERMINATE = 0x0101

    class _Limits(ctypes.Structure):
        """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

        _fields_ = [
            ("process_time", ctypes.c_int64),
            ("job_time", ctypes.c_int64),
            ("flags", wintypes.DWORD),
            ("smallest", ctypes.c_size_t),
            ("largest", ctypes.c_size_t),
            ("processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("priority", wintypes.DWORD),
            ("scheduling", wintypes.DWORD),
            ("io", ctypes.c_uint64 * 6),
            ("memory", ctypes.c_size_t * 4),
        ]

    for _function in (_kernel.CreateJobObjectW, _kernel.OpenProcess):
        _function.restype = ctypes.c_void_p
    _kernel.SetInformationJobObject.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD]
    _kernel.AssignProcessToJobObject.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    _kernel.TerminateJobObject.argtypes = [ctypes.c_void_p, wintypes.UINT]
    _kernel.CloseHandle.argtypes = [ctypes.c_void_p]


class JobObject:
    """Contains a process and all that it starts, such as the real Blender of a launcher."""

    def __init__(self, handle: int) -> None:
        self._handle: Optional[int] = handle

    @classmethod
    def of(cls, pid: int) -> Optional[JobObject]:
        """None on other systems, or if it is refused: then only the process itself is killed."""
        if sys.platform != "win32":
            return None
        handle = _kernel.CreateJobObjectW(None, None)
        process = _kernel.OpenProcess(_SET_QUOTA_AND_TERMINATE, False, pid)
        limits = _Limits(flags=_KILL_ON_CLOSE)
        try:
            if (
                handle
                and process
                and _kernel.SetInformationJobObject(
                    handle, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
                )
                and _kernel.AssignProcessToJobObject(handle, process)
            ):
                return cls(handle)
        finally:
            if process:
                _kernel.CloseHandle(process)
        if handle:
            _kernel.CloseHandle(handle)
        return None

    def kill(self) -> None:
        """Idempotent."""
        handle, self._handle = self._handle, None
        if sys.platform == "win32" and handle is not None:
            _kernel.TerminateJobObject(handle, 1)
            _kernel.CloseHandle(handle)
