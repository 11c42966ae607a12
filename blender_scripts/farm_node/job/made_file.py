"""A file that a Blender has made for a job."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

from ..files.digest import size_and_digest


class MadeFile(NamedTuple):
    path: Path
    sha256: str
    size_bytes: int

    @classmethod
    async def of(cls, path: Path) -> MadeFile:
        """Raises OSError."""
        size_bytes, sha256 = await asyncio.to_thread(size_and_digest, path)
        return cls(path, sha256, size_bytes)

    def to_message(self) -> dict[str, Any]:
        return {"sha256": self.sha256, "sizeBytes": self.size_bytes}
