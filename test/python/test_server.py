"""The server in this process, without Blender: unauthenticated connections, malice, uploads, and Blender missing."""

import asyncio
import contextlib
import hashlib
import io
import json
import struct
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from farm_node.job.job_title import JobTitle
from farm_node.slots.blender_program import BlenderProgram
from farm_node.cache.blob_store import BlobStore
from farm_node.wire.farm_key import FarmKey, key_id
from farm_node.wire.link import Link
from farm_node.wire.listener import bind, listen
from farm_node.node import Node
from farm_node.wire.server import NodeServer
from farm_node.slots.slot_channel import SlotSwitchboard
from websockets.exceptions import InvalidStatusCode
from websockets.legacy.client import connect

from .support.client import Coordinator
from .support.who import IDENTITY, duplicates, may_sleep

KEY = bytes(range(20))
JOB = "ab" * 16


class Served(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.states = []
        self.store = BlobStore(self.root, "cd" * 16, 10 * 2**20)
        board = SlotSwitchboard()
        board.open()
        self.addCleanup(board.close)
        program = BlenderProgram("/absent/blender", "3.4.1")
        node = (IDENTITY, "test", 1, program, self.store, board, self.root, self.states.append, duplicates())
        self.node = Node(*node, awake=may_sleep())
        self.links = []
        self.visits_ended = asyncio.Semaphore(0)
        server = NodeServer(FarmKey(KEY, key_id(KEY)), "cd" * 16, self.serve)
        listener = listen("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        await server.open(listener, lambda: bind("127.0.0.1", self.port))
        self.addAsyncCleanup(self.node.close)
        self.addAsyncCleanup(server.close)

    async def serve(self, link: Link) -> None:
        self.links.append(link)
        await self.node.serve_link(link)
        self.visits_ended.release()

    async def coordinator(self) -> Coordinator:
        coordinator = await Coordinator.connect(self.port, KEY)
        self.addAsyncCleanup(coordinator.close)
        return coordinator

    def dial(self, **options):
        return connect(f"ws://127.0.0.1:{self.port}/", compression=None, ping_interval=None, **options)


class Unauthenticated(Served):
    async def test_a_web_page_is_refused(self):
        with self.assertRaises(InvalidStatusCode) as raised:
            await self.dial(origin="http://example.org")
        self.assertEqual(raised.exception.status_code, 403)

    async def test_the_ninth_unauthenticated_connection_is_refused_but_no_coordinator(self):
        known = await self.coordinator()
        unauthenticated = [await self.dial() for _ in range(8)]
        with self.assertRaises(InvalidStatusCode) as raised:
            await self.dial()
        self.assertEqual(raised.exception.status_code, 503)
        await unauthenticated[0].close()
        await (await self.dial()).close()
        await known.send("blob-query", sha256="0" * 64, sizeBytes=1)
        await known.expect("blob-state")
        for client in unauthenticated:
            await client.close()

    async def test_a_wrong_key_is_reported_and_nothing_is_written(self):
        before = sorted(self.root.rglob("*"))
        with self.assertRaises(ConnectionRefusedError) as raised:
            await Coordinator.connect(self.port, bytes(20))
        self.assertEqual(str(raised.exception), "WRONG_KEY")
        self.assertEqual(sorted(self.root.rglob("*")), before)

    async def test_only_the_handshake_is_answered(self):
        for data in ('{"type":"job-open"}', "{", '{"type":"prove","proof":"' + "0" * 64 + '"}', b"\0" * 20):
            client = await self.dial()
            await client.send(data)
            self.assertEqual(json.loads(await client.recv())["code"], "BAD_MESSAGE")
            await client.wait_closed()
            self.assertEqual(client.close_code, 1002)

    async def test_a_long_message_without_the_key_closes_the_link(self):
        client = await self.dial()
        await client.send("x" * 5000)
        await client.wait_closed()
        self.assertEqual(client.close_code, 1009)


class Coordinators(Served):
    async def test_a_broken_message_is_answered_and_the_link_closed(self):
        coordinator = await self.coordinator()
        await coordinator.send("frame-assign", slot=0, frame=2**30, attempt=0)
        self.assertEqual(await coordinator.closed(), 1002)
        self.assertEqual(coordinator.seen[-1]["code"], "BAD_MESSAGE")

    async def test_a_wrong_seal_closes_the_link_without_an_answer(self):
        coordinator = await self.coordinator()
        await coordinator.expect("node-info")
        await coordinator.socket.send("0 " + "0" * 64 + ' {"type":"heartbeat"}')
        self.assertEqual(await coordinator.closed(), 1008)
        self.assertEqual([message["type"] for message in coordinator.seen], ["node-info"])

    async def test_a_blob_is_received_in_pieces_and_resumed_on_another_link(self):
        data = bytes(range(256)) * 10000
        sha256 = hashlib.sha256(data).hexdigest()
        first = await self.coordinator()
        await first.send("blob-begin", transfer=1, sha256=sha256, sizeBytes=len(data), offset=0)
        await first.send_piece(1, 0, data[: 2**20])
        await first.send("blob-query", sha256="0" * 64, sizeBytes=1)
        await first.expect("blob-state")
        await first.close()
        second = await self.coordinator()
        await second.send("blob-query", sha256=sha256, sizeBytes=len(data))
        self.assertEqual((await second.expect("blob-state"))["haveBytes"], 2**20)
        await second.upload(data, 1)
        self.assertEqual(self.store.path_of(sha256).read_bytes(), data)

    async def test_a_node_reports_each_other_node_with_its_id_once_and_not_for_ever(self):
        coordinator = await self.coordinator()
        info = await coordinator.expect("node-info")
        self.assertEqual((info["node"], info["start"]), (IDENTITY.node_id, IDENTITY.start))
        with contextlib.redirect_stderr(io.StringIO()) as said:
            for number in (13, 13, *range(100)):
                await coordinator.send("duplicate-id", name="at\x1b[2Jtic", address=f"10.77.0.{number}:7447")
            await coordinator.send("blob-query", sha256="0" * 64, sizeBytes=1)
            await coordinator.expect("blob-state")
        lines = said.getvalue().splitlines()
        self.assertEqual(len(lines), 16)
        self.assertIn("another node has the id of this one (test, cdcdcdcd): at\\x1b[2Jtic at 10.77.0.13:7447.", lines[0])
        self.assertIn("delete config/node-id and start it again", lines[0])

    async def test_a_wrong_digest_is_rejected(self):
        coordinator = await self.coordinator()
        await coordinator.send("blob-begin", transfer=1, sha256="0" * 64, sizeBytes=3, offset=0)
        await coordinator.send_piece(1, 0, b"abc")
        await coordinator.send("blob-end", transfer=1, sha256="0" * 64)
        self.assertEqual((await coordinator.expect("blob-rejected"))["code"], "DIGEST_MISMATCH")

    async def test_pieces_after_a_rejection_are_dropped_silently(self):
        coordinator = await self.coordinator()
        await coordinator.send("blob-begin", transfer=1, sha256="0" * 64, sizeBytes=2**30, offset=0)
        self.assertEqual((await coordinator.expect("blob-rejected"))["code"], "TOO_LARGE")
        await coordinator.send_piece(1, 0, b"abc")
        await coordinator.send("blob-end", transfer=1, sha256="0" * 64)
        await coordinator.send("blob-query", sha256="0" * 64, sizeBytes=1)
        await coordinator.expect("blob-state")

    async def test_pieces_out_of_order_or_of_no_transfer_close_the_link(self):
        for transfer, offset in ((1, 1), (2, 0)):
            coordinator = await self.coordinator()
            await coordinator.send("blob-begin", transfer=1, sha256="0" * 64, sizeBytes=9, offset=0)
            await coordinator.socket.send(struct.pack(">IQ", transfer, offset) + b"x")
            self.assertEqual(await coordinator.closed(), 1002)

    async def test_one_job_at_a_time(self):
        first, second = await self.coordinator(), await self.coordinator()
        await first.send("job-open", job=JOB, holder="anna", slots=None)
        await first.expect("job-opened")
        await second.send("job-open", job="cd" * 16, holder="ben", slots=None)
        self.assertEqual((await second.expect("busy"))["holder"], "anna")
        await first.send("job-close", job=JOB)
        await first.expect("job-closed")
        await second.send("job-open", job="cd" * 16, holder="ben", slots=None)
        await second.expect("job-opened")
        self.assertEqual(self.states, ["busy", "idle", "busy"])

    async def test_others_and_the_console_are_told_whose_job_it_is_and_what_it_is_called(self):
        first = await self.coordinator()
        self.assertIsNone((await first.expect("node-info"))["job"])
        with patch("farm_node.node.say") as say:
            await first.send("job-open", job=JOB, holder="anna@attic", name="duck 010", slots=None)
            await first.expect("job-opened")
        self.assertEqual([call.args for call in say.call_args_list], [(f"job {JOB[:8]} 'duck 010' of anna@attic starts",)])
        second = await self.coordinator()
        told = {"holder": "anna@attic", "name": "duck 010"}
        self.assertLessEqual(told.items(), (await second.expect("node-info"))["job"].items())
        await second.send("job-open", job="cd" * 16, holder="ben", slots=None)
        self.assertLessEqual(told.items(), (await second.expect("busy")).items())

    def test_names_of_others_are_short_and_quoted_on_the_console(self):
        self.assertEqual(str(JobTitle("x" * 256, "y" * 256)), f"'{'x' * 64}' of {'y' * 64}")
        self.assertEqual(str(JobTitle("", "anna@attic")), "of anna@attic")

    async def test_a_job_without_a_coordinator_or_results_gives_way(self):
        first, second = await self.coordinator(), await self.coordinator()
        await first.send("job-open", job=JOB, holder="anna", slots=None)
        await first.expect("job-opened")
        await first.close()
        await self.visits_ended.acquire()
        await second.send("job-open", job="cd" * 16, holder="ben", slots=None)
        self.assertFalse((await second.expect("job-opened"))["resumed"])
        self.assertEqual(self.states, ["busy", "idle", "busy"])

    async def test_a_missing_blender_is_reported(self):
        coordinator = await self.coordinator()
        await coordinator.send("job-open", job=JOB, holder="anna", slots=None)
        sha256 = await coordinator.upload(b"BLENDER-v300RENDH", 1)
        await coordinator.send("job-load", job=JOB, blend=sha256, scene=None, colorMode=None)
        while not any(message["type"] == "job-load-failed" for message in coordinator.seen):
            await asyncio.sleep(0.01)
        failed = next(message for message in coordinator.seen if message["type"] == "job-load-failed")
        self.assertEqual(failed["error"]["code"], "BLENDER_MISSING")
