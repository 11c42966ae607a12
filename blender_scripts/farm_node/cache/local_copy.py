"""Takes a blob from a file that is on this machine already: the coordinator's own, or one on a drive that both see."""

from __future__ import annotations

import os

from farm_slot.files.external_files import is_regular, open_regular

from ..errors import BlobError
from .blob_store import BlobStore
from .file_proof import CHUNK


def copy_blob(store: BlobStore, sha256: str, size: int, path: str) -> None:
    """Copies the file into the cache if it is that blob: what a job uses must not change while it runs.

    Does nothing if the file is missing or another one, or if there is no room: then the blob is sent. Call it in a thread.
    """
    if not os.path.isabs(path) or not is_regular(path):
        return
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size != size:
                return
            writer = store.begin(sha256, size, 0)
            try:
                for data in iter(lambda: file.read(CHUNK), b""):
                    writer.write(data)
                writer.finish()
                store.note_proved(sha256)
            except BaseException:
                writer.drop()
                raise
    except (OSError, ValueError, BlobError):
        return
