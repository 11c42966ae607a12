"""Finds the Blender that renders here, and makes the command line of a slot. The command lines are pure."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional

from ..errors import StartError
from ..paths import home_folder

SLOT_SCRIPT = Path(__file__).resolve().parents[2] / "slot_main.py"
PYTHON_ERROR_EXIT = 70
"""Exit status of a Blender whose script raised an exception; by default it would be 0."""
VERSION_TIMEOUT_S = 60
_SYSTEM_PREFIXES = ("/", "/usr", "/usr/local", "/opt/homebrew", "")
_PRINT_VERSION = "import bpy; print('Blender', bpy.app.version_string)"


@dataclass(frozen=True)
class BlenderProgram:
    """`module` is True if `path` is a Python with Blender as the module bpy."""

    path: str
    version: str
    module: bool = False

    @property
    def version_numbers(self) -> tuple[int, int]:
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)


def find_blender(given: Optional[str]) -> BlenderProgram:
    """Raises StartError if there is none, or it does not start."""
    if "bpy" in sys.modules and given is None:
        import bpy

        if bpy.app.binary_path:
            return BlenderProgram(bpy.app.binary_path, _plain_version(bpy.app.version_string))
    path = shutil.which(given or "blender")
    if path is not None:
        return BlenderProgram(path, _ask_version([path, "-b", "--version"]))
    if given is not None:
        raise StartError(f"Cannot find Blender: there is no program {given!r}")
    if importlib.util.find_spec("bpy") is not None:
        return BlenderProgram(sys.executable, _ask_version([sys.executable, "-c", _PRINT_VERSION]), module=True)
    raise StartError("Cannot find Blender: install it, or name it with --blender or the environment variable BLENDER")


def _ask_version(command: list[str]) -> str:
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=VERSION_TIMEOUT_S,
            env=child_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # on Windows
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StartError(f"Cannot start Blender: {error}") from error
    match = re.search(rb"^Blender (\d+\.\d+\S*)", answer.stdout, re.MULTILINE)
    if match is None:
        raise StartError(f"Cannot read the version of {command[0]}: it ended with status {answer.returncode}")
    return _plain_version(match[1].decode("ascii", "replace"))


def _plain_version(text: str) -> str:
    """"3.4.1" for "3.4.1 LTS" and the like."""
    match = re.match(r"\d+\.\d+(\.\d+)?", text)
    return match[0] if match else text


def child_environment(env: Mapping[str, str] = os.environ, python: str = sys.executable) -> dict[str, str]:
    """The environment for any child: without the farm key, and without this Python's own folder on PATH.

    A distribution's Blender uses the library of the first Python on PATH, and that of a virtual environment or pyenv
    may not fit. HOME is always set: without it, 2.83 and 3.4 crash if the system's list of users has no home either.
    """
    child = {name: value for name, value in env.items() if name != "RENDERFARM_KEY"}
    own = os.path.dirname(python)
    if "PATH" in child and sys.platform != "win32" and os.path.dirname(own) not in _SYSTEM_PREFIXES:
        child["PATH"] = os.pathsep.join(folder for folder in child["PATH"].split(os.pathsep) if folder != own)
    if sys.platform != "win32" and not child.get("HOME"):
        child["HOME"] = str(home_folder())
    return child


def slot_command(
    program: BlenderProgram, slots: int, cores: int, scripts: bool = False, threads: Optional[int] = None
) -> list[str]:
    """Arguments of a slot's process. Several slots share the cores.

    `scripts` allows scripts in the blendfile: on load, and in drivers. `threads`: of each slot, if the job wants a number.
    """
    if program.module:
        return [program.path, str(SLOT_SCRIPT)]
    command = [program.path, "-b", "--factory-startup"]
    command += ["--enable-autoexec" if scripts else "--disable-autoexec", "-noaudio"]
    command += ["--python-exit-code", str(PYTHON_ERROR_EXIT)]
    if threads is not None or slots > 1:
        command += ["-t", str(threads or max(1, cores // slots))]
    if program.version_numbers >= (5, 0):
        command += ["--log", "render"]  # without it 5.x does not report samples
    return command + ["-P", str(SLOT_SCRIPT)]


def slot_environment(
    port: int, token: str, temporary: Path, env: Mapping[str, str] = os.environ, colors: Optional[str] = None
) -> dict[str, str]:
    """Tells a slot how to connect to its supervisor, where Blender keeps temporary files, and the job's color configuration."""
    child = child_environment(env)
    child.update(RENDERFARM_SLOT_PORT=str(port), RENDERFARM_SLOT_TOKEN=token, PYTHONUNBUFFERED="1")
    child.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)))
    if colors is not None:
        child["OCIO"] = colors
    return child
