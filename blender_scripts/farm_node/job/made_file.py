"""A file that a Blender has made for a job."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

from .digest import digest_of


class MadeFile(NamedTuple):
    path: Path
    sha256: str
    size_bytes: int

    @classmethod
    async def of(cls, path: Path) -> MadeFile:
        """Raises OSError."""
        return cls(path, await asyncio.to_thread(digest_of, path), path.stat().st_size)

    def to_message(self) -> dict[str, Any]:
        return {"sha256": self.sha256, "sizeBytes": self.size_bytes}
