"""The operating system's id of this machine. Copies of a disk image may have the same one."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Callable, Mapping, Optional, Sequence

if sys.platform == "win32":
    import winreg

FILES = ("/etc/machine-id", "/var/lib/dbus/machine-id")
IOREG = ("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
IOREG_TIMEOUT_S = 10
REGISTRY_KEY = r"SOFTWARE\Microsoft\Cryptography"

NAMES: Mapping[str, str] = {"darwin": "IOPlatformUUID", "win32": "MachineGuid"}
"""The name of the id if it is not in a file."""

_HEX = re.compile(r"[0-9a-f]{32}")


def machine_id(
    platform: str = sys.platform,
    files: Sequence[str] = FILES,
    ask: Optional[Callable[[], str]] = None,
) -> Optional[str]:
    """32 hexadecimal digits; None if the machine has no id, like most containers.

    It is confidential (`man machine-id`): only a keyed hash of it may leave this process.
    """
    try:
        if platform == "darwin":
            return _of_uuid(re.search(r'"IOPlatformUUID" = "([^"]+)"', (ask or _ask_ioreg)()))
        if platform == "win32":
            return _of_uuid(re.fullmatch(r"\{?([^{}]+)\}?", (ask or _ask_registry)()))
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return next(filter(None, map(_read, files)), None)


def machine_id_name(platform: str = sys.platform) -> str:
    """The name of the id on this system, for people."""
    return NAMES.get(platform, FILES[0])


def _read(path: str) -> Optional[str]:
    """The file may be empty or contain "uninitialized" in an image that was never started."""
    try:
        with open(path, encoding="ascii") as file:
            return _checked(file.read(64).strip())
    except (OSError, UnicodeDecodeError):
        return None


def _of_uuid(found: Optional[re.Match[str]]) -> Optional[str]:
    return _checked(found.group(1).replace("-", "").lower()) if found else None


def _checked(text: str) -> Optional[str]:
    return text if _HEX.fullmatch(text) and len(set(text)) > 1 else None


def _ask_ioreg() -> str:
    command = subprocess.run(IOREG, capture_output=True, stdin=subprocess.DEVNULL, timeout=IOREG_TIMEOUT_S, check=True)
    return command.stdout.decode("utf-8", "replace")


def _ask_registry() -> str:
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, REGISTRY_KEY, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as key:
        return str(winreg.QueryValueEx(key, "MachineGuid")[0])
