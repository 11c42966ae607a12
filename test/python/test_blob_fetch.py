"""A coordinator gets a file of its job back from a node: the artist has changed it, and another node needs it as it was."""

import hashlib
import json
import unittest

from .test_server import JOB, Served

PIECES = 3
WOOD = bytes(range(256)) * (PIECES * 2**20 // 256)


class BlobFetches(Served):
    async def fetched(self, coordinator, transfer: int, sha256: str) -> bytes:
        coordinator.pieces[transfer] = bytearray()
        await coordinator.send("blob-fetch", transfer=transfer, sha256=sha256)
        await coordinator.expect("blob-fetched", lambda message: bool(message["transfer"] == transfer))
        return bytes(coordinator.pieces.pop(transfer))

    async def missing(self, coordinator, transfer: int, sha256: str) -> None:
        await coordinator.send("blob-fetch", transfer=transfer, sha256=sha256)
        answer = await coordinator.expect("blob-missing")
        self.assertEqual((answer["transfer"], answer["sha256"]), (transfer, sha256))

    async def test_only_files_of_the_job_are_sent(self):
        coordinator = await self.coordinator()
        blend = await coordinator.upload(b"BLENDER-v304", 0)
        wood, other = await coordinator.upload(WOOD, 1), await coordinator.upload(b"another job's", 2)
        listing = json.dumps({"files": [{"path": "tex/wood.png", "sha256": wood}], "moved": []}).encode()
        files = await coordinator.upload(listing, 3)
        await self.missing(coordinator, 4, wood)  # no job is open
        await coordinator.send("job-open", job=JOB, holder="anna", slots=None)
        await coordinator.expect("job-opened")
        await coordinator.send("job-load", job=JOB, blend=blend, scene=None, colorMode=None, path="shot.blend", files=files)
        await coordinator.expect("job-load-failed")  # there is no Blender here, but the files are laid out

        self.assertEqual(hashlib.sha256(await self.fetched(coordinator, 5, wood)).hexdigest(), wood)
        for transfer, sha256 in ((6, other), (7, blend), (8, files), (9, "0" * 64)):
            await self.missing(coordinator, transfer, sha256)
        self.assertEqual(len(await self.fetched(coordinator, 10, wood)), len(WOOD))


if __name__ == "__main__":
    unittest.main()
