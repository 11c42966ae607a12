"""When a file was last changed in any way, even by a program that then restores its modification time."""

import os
import sys
from typing import Any

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _READ_ATTRIBUTES, _SHARE_ALL, _OPEN_EXISTING = 0x80, 0x7, 3
    _AS_IT_IS = 0x02000000 | 0x00200000
    """FILE_FLAG_BACKUP_SEMANTICS and FILE_FLAG_OPEN_REPARSE_POINT: also opens folders, and links without following them."""
    _NONE = ctypes.c_void_p(-1).value

    class _BasicInfo(ctypes.Structure):
        """FILE_BASIC_INFO; times count 100 ns since 1601."""

        _fields_ = [(name, ctypes.c_int64) for name in ("created", "accessed", "written", "changed")] + [
            ("attributes", wintypes.DWORD)
        ]

    _kernel.CreateFileW.restype = ctypes.c_void_p
    _kernel.CreateFileW.argtypes = [
        *(wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p),
        *(wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p),
    ]
    _kernel.GetFileInformationByHandleEx.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD]
    _kernel.CloseHandle.argtypes = [ctypes.c_void_p]


def change_time_ns(path: Any, facts: os.stat_result) -> int:
    """On its own scale, only for comparison. `facts` is the file's stat; on Windows the system is asked again. Raises OSError.

    On other systems this is Python's `st_ctime`, which on Windows is the creation time.
    """
    if sys.platform != "win32":
        return facts.st_ctime_ns
    handle = _kernel.CreateFileW(str(path), _READ_ATTRIBUTES, _SHARE_ALL, None, _OPEN_EXISTING, _AS_IT_IS, None)
    if handle == _NONE:
        raise ctypes.WinError(ctypes.get_last_error())
    try:
        info = _BasicInfo()
        if not _kernel.GetFileInformationByHandleEx(handle, 0, ctypes.byref(info), ctypes.sizeof(info)):
            raise ctypes.WinError(ctypes.get_last_error())
        return int(info.changed)
    finally:
        _kernel.CloseHandle(handle)
