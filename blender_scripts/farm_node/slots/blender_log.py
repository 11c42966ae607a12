"""Reads Blender's output: how much of a frame is done, and why a process failed. Pure."""

from __future__ import annotations

import re
from typing import Iterable, Optional

from ..errors import Fault

# "Fra:1 Mem:8.27M ... | Sample 3/8" up to 4.3, "Rendered 3/8 Tiles" up to 2.93, "Sample 3/8" in 5.x with --log render.
_STEPS = re.compile(r"\b(?:Sample|Rendered) (\d+)/(\d+)\b")


def fraction_done(line: str) -> Optional[float]:
    """0 to 1 for a line that counts samples or tiles; otherwise None."""
    found = _STEPS.search(line)
    if found is None or int(found[2]) == 0:
        return None
    return min(1.0, int(found[1]) / int(found[2]))


_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern, re.IGNORECASE))
    for code, pattern in (
        (
            "OUT_OF_GPU_MEMORY",
            r"out of (gpu|device|video) memory|out of memory in (cuda|optix|hip|metal|oneapi)|(cuda|hip)_error_out_of_memory"
            r"|CL_MEM_OBJECT_ALLOCATION_FAILURE",
        ),
        ("OUT_OF_MEMORY", r"std::bad_alloc|[mc]alloc returns null|\bout of memory\b|cannot allocate memory"),
        ("DISK_FULL", r"no space left on device|disk quota exceeded"),
        (
            "NO_DENOISER",
            r"openimagedenoise.*(not|without)|without openimagedenoise|failed to denoise|denoising.*not (available|supported)",
        ),
        ("NO_EGL", r"\begl\b|libegl|libgl\b.*(not|cannot|fail)|failed to create.*(opengl|gl) context"),
        ("NO_DISPLAY", r"(unable|could not|cannot|failed) to open (a |the )?display|x11.*display|error: no display"),
        (
            "GPU_FAILED",
            r"(cuda|optix|hip|oneapi|metal)\b.*\b(error|failed)|illegal address in|failed to (initialize|create|load) (cuda|optix|hip|metal)",
        ),
        ("NO_CAMERA", r"no camera"),
        ("LIBRARY_MISSING", r"cannot find lib|lib(rary)?\b.*\b(missing|not found)|unable to (open|load) library"),
        ("ADDON_FAILED", r"add-?on"),
        (
            "FILE_UNREADABLE",
            r"not a blend|unrecognized file format|failed to read (the )?(blend )?file|missing DNA|file is (corrupt|truncated)",
        ),
    )
)


def explain(lines: Iterable[str], among: Optional[frozenset[str]] = None) -> Optional[Fault]:
    """The first cause in the lines (later lines are mostly consequences); None if there is none."""
    for line in lines:
        for code, pattern in _RULES:
            if (among is None or code in among) and pattern.search(line):
                return Fault(code, line.strip())
    return None


ENVIRONMENT_CODES = frozenset(
    {"OUT_OF_GPU_MEMORY", "OUT_OF_MEMORY", "DISK_FULL", "NO_DENOISER", "NO_EGL", "NO_DISPLAY", "GPU_FAILED"}
)
"""Causes that may be concluded from any line of a dead process; the others only from the error that Blender raised."""
