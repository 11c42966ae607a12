"""Links that do not end with a close: the node's reaction takes a limited time and leaves nothing behind."""

import asyncio
import hashlib
import struct
import unittest
from unittest.mock import patch

from farm_node.slots.attempts import Attempt, Result
from websockets.exceptions import ConnectionClosed
from websockets.frames import OP_BINARY
from websockets.legacy.framing import Frame

from .support.client import WAIT_S
from .test_server import JOB, Served


class PeersThatDoNotRead(Served):
    async def test_a_peer_that_breaks_the_protocol_and_does_not_read_is_closed(self):
        coordinator = await self.coordinator()
        await coordinator.send("job-open", job=JOB, holder="anna", slots=None)
        await coordinator.expect("job-opened")
        frame = self.root / "frame"
        with open(frame, "wb") as file:
            file.truncate(64 * 2**20)  # more than the network buffers
        about = {"frame": 1, "attempt": 0, "sizeBytes": 64 * 2**20, "sha256": "0" * 64}
        self.node._job.results[(1, 0)] = Result(Attempt(1, 0), frame, about)
        coordinator.socket.transport.pause_reading()
        await coordinator.send("result-fetch", transfer=1, frame=1, attempt=0, offset=0)
        await self.stuck()
        self.links[0]._socket.close_timeout = 0.1
        with patch("farm_node.wire.link.LAST_WORDS_S", 0.1):
            await coordinator.send("frame-assign", slot=0, frame=2**30, attempt=0)
            await asyncio.wait_for(self.visits_ended.acquire(), WAIT_S)
        coordinator.socket.transport.abort()

    async def stuck(self) -> None:
        """Returns when the network accepts nothing more from the node."""
        before, now = -1, 0
        while now != before or now == 0:
            await asyncio.sleep(0.05)
            before, now = now, self.links[0]._socket.transport.get_write_buffer_size()


class SlowNetworks(Served):
    async def piece_by_piece(self, pause_s: float, pieces: int):
        """A coordinator that sends one message slowly, in a number of steps, and nothing else."""
        coordinator = await self.coordinator()
        coordinator._tasks[1].cancel()  # its heartbeat, which would arrive in the middle of it
        data = b"x" * 100
        sha256 = hashlib.sha256(data).hexdigest()
        await coordinator.send("blob-begin", transfer=1, sha256=sha256, sizeBytes=len(data), offset=0)
        frame = bytearray()
        Frame(True, OP_BINARY, struct.pack(">IQ", 1, 0) + data).write(frame.extend, mask=True)
        for index in range(pieces):
            start, end = (len(frame) * step // pieces for step in (index, index + 1))
            coordinator.socket.transport.write(bytes(frame[start:end]))
            await asyncio.sleep(pause_s)
        await coordinator.send("blob-end", transfer=1, sha256=sha256)
        return coordinator

    async def test_a_part_of_a_message_is_a_sign_of_life(self):
        with patch("farm_node.wire.link.LOST_AFTER_S", 1.0):
            await (await self.piece_by_piece(pause_s=0.25, pieces=10)).expect("blob-stored")

    async def test_silence_in_the_middle_of_a_message_counts_as_silence(self):
        with patch("farm_node.wire.link.LOST_AFTER_S", 0.2):
            with self.assertRaises(ConnectionClosed):
                await self.piece_by_piece(pause_s=1.5, pieces=2)


class UploadsThatBreakOff(Served):
    async def test_coordinators_that_start_uploads_and_leave_do_not_fill_the_disk(self):
        with patch("farm_node.cache.cache_room.MAX_PARTS", 5):
            for link in range(6):
                coordinator = await self.coordinator()
                for transfer in range(4):
                    sha256 = f"{link:02x}{transfer:062x}"
                    await coordinator.send("blob-begin", transfer=transfer, sha256=sha256, sizeBytes=9, offset=0)
                    if transfer > 0:  # the first one has no data
                        await coordinator.send_piece(transfer, 0, b"x")
                await coordinator.close()
                await asyncio.wait_for(self.visits_ended.acquire(), WAIT_S)
        kept = sorted(path.name[:2] for path in self.root.glob("parts/*/*"))
        self.assertEqual(kept, ["04", "05", "05", "05"])
        self.assertEqual(self.store.free_bytes(), self.store.limit, "no bytes stay reserved for peers that left")


if __name__ == "__main__":
    unittest.main()
