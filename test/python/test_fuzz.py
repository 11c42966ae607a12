"""A hundred thousand inputs that nearly follow the protocol, for all parsers and state machines of the node. Seeded.

`FUZZ_SEED` repeats a failing run or chooses another one, `FUZZ_EFFORT=20` runs twenty times as much.
"""

import asyncio
import contextlib
import hashlib
import io
import json
import os
import random
import re
import struct
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Callable

from farm_node.job.blend_header import saved_by
from farm_node.slots.blender_program import BlenderProgram
from farm_node.cache.blob_store import BlobStore
from farm_node.errors import ProtocolError
from farm_node.wire.farm_key import FarmKey, key_id
from farm_node.wire.handshake import NodeHandshake
from farm_node.wire.link import Link, LinkLost
from farm_node.node import Node
from farm_node.slots.png_check import PngError, check_png
from farm_node.wire.protocol import HANDSHAKE_MESSAGES, MESSAGES, encode_piece, parse_message, parse_piece
from farm_node.wire.seal import Opener, Sealer
from farm_node.session.session import Session
from farm_node.slots.slot_channel import SlotSwitchboard
from farm_node.slots.slot_log import SlotLog

from .support.who import IDENTITY, duplicates, may_sleep

SEED = int(os.environ.get("FUZZ_SEED") or 20_261_122)
EFFORT = max(1, int(float(os.environ.get("FUZZ_EFFORT") or 1)))
MOST_MIB = 64
"""How much the memory peak of this process may grow. Generous: it is meant to detect unlimited growth."""

KEY = bytes(range(20))
FOLDER = Path(__file__).parents[1] / "fixtures/protocol"
FIXTURES = [json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json") if path.stem != "handshake"]
TO_NODE = [m for fixture in FIXTURES if fixture["direction"] in ("to-node", "both") for m in fixture["valid"]]
HANDSHAKE = [m for fixture in FIXTURES if fixture["direction"] == "handshake-to-node" for m in fixture["valid"]]
ODD: list[Any] = [None, True, [], {}, "", "\0", "\ud800", "../../x", "__proto__", "a" * 257, "f" * 64, "x" * 5000, -1, 0.5]
ODD += [2**32, 2**40 + 1, 2**53, -(2**53), 1e308, [[[]]], {"a": {"b": 1}}, "0" * 32, "\u202e", "\r\n", "é"]
ODD_TEXTS = ["NaN", "1e999", "-", "[" * 3000, "9" * 500, "{}{}", '{"a":' * 2000, "\ufeff{}", '"\\ud800"', "[1," * 900 + "]"]


def peak_mib() -> float:
    """The peak memory of this process; 0 if the system does not report it."""
    if sys.platform != "linux":
        return 0.0
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def damaged(dice: random.Random, data: bytes) -> bytes:
    copy = bytearray(data or b"\0")
    start, end = sorted((dice.randrange(len(copy) + 1), dice.randrange(len(copy) + 1)))
    how = dice.randrange(5)
    if how == 0:
        return bytes(copy[:start])
    if how == 1:
        return bytes(copy[:start] + copy[end:])
    if how == 2:
        return bytes(copy[:end] + copy[start:])
    if how == 3:
        return bytes(copy[:start]) + dice.randbytes(dice.randint(1, 12)) + bytes(copy[start:])
    copy[dice.randrange(len(copy))] ^= 1 << dice.randrange(8)
    return bytes(copy)


def nearly(dice: random.Random, message: dict[str, Any]) -> str:
    """The message's JSON, with an odd, missing, surplus or too deep field, or with wrong bytes."""
    odd = dict(message)
    for _ in range(dice.choice((0, 1, 1, 2))):
        key = dice.choice([*odd, "x"])
        if dice.random() < 0.2:
            odd.pop(key, None)
        else:
            odd[key] = dice.choice(ODD)
    text = json.dumps(odd, ensure_ascii=dice.random() < 0.5)
    chance = dice.random()
    if chance < 0.08:
        at = dice.randrange(len(text) + 1)
        return text[:at] + dice.choice(ODD_TEXTS) + text[at:]
    if chance < 0.14:
        return damaged(dice, text.encode("utf-8", "replace")).decode(dice.choice(("latin-1", "utf-8")), "replace")
    return text


class Fuzz(unittest.TestCase):
    def fuzz(self, what: str, count: int, attack: Callable[[random.Random], None]) -> None:
        """Each input has its own random numbers, so that it does not depend on earlier ones."""
        total = count * EFFORT
        before = peak_mib()
        for index in range(total):
            try:
                attack(random.Random(SEED + index * 7919))
            except BaseException as error:
                raise AssertionError(f"{what}, input {index}: FUZZ_SEED={SEED} has it again: {error!r}") from error
        grown = peak_mib() - before
        print(f"fuzz: {what}: {total} inputs, 0 crashes, peak +{grown:.0f} MB")
        self.assertLess(grown, MOST_MIB)


def parsed(text: str, known: dict) -> Any:
    with contextlib.suppress(ProtocolError):
        return parse_message(text, known)


class Parsers(Fuzz):
    def test_messages_are_refused_or_have_exactly_their_fields(self):
        def attack(dice: random.Random) -> None:
            message = parsed(nearly(dice, dice.choice(TO_NODE)), MESSAGES)
            if message is not None:
                self.assertLessEqual(message.keys() - {"type"}, MESSAGES[message["type"]].keys())
                self.assertEqual(parse_message(json.dumps(message), MESSAGES), message)

        self.fuzz("messages of a coordinator", 45_000, attack)

    def test_random_text_is_not_a_message(self):
        def attack(dice: random.Random) -> None:
            text = dice.randbytes(dice.randint(0, 60)).decode("latin-1")
            self.assertIsNone(parsed(text, MESSAGES))

        self.fuzz("random text", 20_000, attack)

    def test_pieces_are_refused_or_have_data(self):
        def attack(dice: random.Random) -> None:
            genuine = encode_piece(dice.getrandbits(32), dice.getrandbits(64), b"x" * dice.randint(1, 40))
            with contextlib.suppress(ProtocolError):
                self.assertGreater(len(parse_piece(damaged(dice, genuine)).data), 0)

        self.fuzz("pieces", 20_000, attack)

    def test_only_the_next_sealed_message_opens_if_unaltered(self):
        def attack(dice: random.Random) -> None:
            sealer, opener = Sealer(KEY, "to-node"), Opener(KEY, "to-node")
            genuine = [sealer.seal(json.dumps(dice.choice(TO_NODE))) for _ in range(2)]
            given = dice.choice((genuine[1], damaged(dice, genuine[0].encode()).decode("utf-8", "surrogateescape"), "\ud800 "))
            if given != genuine[0]:
                with self.assertRaises(ProtocolError):
                    opener.open(given)
            for each in genuine:
                opener.open(each)  # a refused message was not counted

        self.fuzz("sealed messages", 10_000, attack)

    def test_a_handshake_ends_with_a_key_only_after_the_right_proof(self):
        def attack(dice: random.Random) -> None:
            handshake = NodeHandshake(FarmKey(KEY, key_id(KEY)), "cd" * 16)
            try:
                hello = parse_message(nearly(dice, dice.choice(HANDSHAKE)), {"hello": HANDSHAKE_MESSAGES["hello"]})
                handshake.on_hello(hello)
                proof = json.dumps({"type": "prove", "proof": dice.randbytes(32).hex()})
                text = dice.choice((proof, nearly(dice, json.loads(proof))))
                handshake.on_prove(parse_message(text, {"prove": HANDSHAKE_MESSAGES["prove"]}))
            except ProtocolError:
                pass
            self.assertEqual(handshake.session_key, b"")

        self.fuzz("handshakes", 10_000, attack)

    def test_output_and_frames_of_a_slot_are_read_or_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "file")
            head = struct.pack(">II", 13, 0)
            png = b"\x89PNG\r\n\x1a\n" + head + b"IHDR" + b"\0" * 20 + b"tEXtFrame\0007"
            log = SlotLog(Path(folder, "log"))
            self.addCleanup(log.close)

            def attack(dice: random.Random) -> None:
                file.write_bytes(damaged(dice, dice.choice((png, b"BLENDER-v304RENDH", b"\x1f\x8b\x08" + b"\0" * 30))))
                with contextlib.suppress(PngError):
                    check_png(file)
                saved_by(file)
                for line in log.feed(dice.randbytes(dice.randint(0, 9000) if dice.random() < 0.05 else 40)):
                    self.assertLessEqual(len(line), 4096)

            self.fuzz("files and output of a slot", 3_000, attack)


class FakeLink:
    """Passes the messages of a hostile coordinator to a session, and keeps only the types of the answers."""

    def __init__(self, inputs: list[Any]) -> None:
        self.answers: list[str] = []
        self._inputs = iter(inputs)

    def post(self, message: dict[str, Any]) -> None:
        json.dumps(message, allow_nan=False)
        self.answers.append(message["type"])

    async def send(self, message: dict[str, Any]) -> None:
        self.post(message)

    async def send_piece(self, *_: Any) -> None:
        pass

    async def run_sending(self) -> None:
        await asyncio.Event().wait()

    async def receive(self) -> Any:
        data = next(self._inputs, None)
        if data is None:
            raise LinkLost("it hung up")
        return data

    async def refuse(self, error: ProtocolError) -> None:
        self.answers.append("error")

    async def close(self, code: int = 1000) -> None:
        pass


class DeafSocket:
    """The socket of a coordinator that sends requests but never reads: nothing that is sent to it is accepted."""

    def __init__(self) -> None:
        self.heard_at = 0.0
        self.asked = 0
        self._sealer = Sealer(KEY, "to-node")

    async def recv(self) -> str:
        self.asked += 1
        await asyncio.sleep(0)
        return self._sealer.seal('{"type":"job-close","job":"' + "ab" * 16 + '"}')

    async def send(self, data: Any) -> None:
        await asyncio.Event().wait()

    async def close(self, code: int = 1000) -> None:
        pass


class Deaf(unittest.IsolatedAsyncioTestCase):
    async def test_a_link_whose_coordinator_sends_requests_but_never_reads_is_closed(self):
        with tempfile.TemporaryDirectory() as folder:
            store = BlobStore(Path(folder), "cd" * 16, 2**20)
            program = BlenderProgram("/absent/blender", "3.4.1")
            board = SlotSwitchboard()
            node = Node(IDENTITY, "test", 1, program, store, board, Path(folder), lambda state: None, duplicates(), awake=may_sleep())
            socket = DeafSocket()
            await asyncio.wait_for(node.serve_link(Link(socket, KEY)), 60)
            print(f"fuzz: a coordinator that never reads sent {socket.asked} requests")
            self.assertLess(socket.asked, 10_000)


class SlotPort(unittest.IsolatedAsyncioTestCase):
    async def test_a_local_program_without_a_token_is_disconnected_whatever_it_sends(self):
        problems: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
        board = SlotSwitchboard()
        board.open()
        self.addCleanup(board.close)
        dice = random.Random(SEED)
        for line in (b"[" * 100_000, b"{}", b"[]", b'{"token":["x"]}', b'{"token":"\\ud800"}', dice.randbytes(500)):
            reader, writer = await asyncio.open_connection("127.0.0.1", board.port)
            writer.write(line.replace(b"\n", b"") + b"\n")
            self.assertEqual(await asyncio.wait_for(reader.read(), 60), b"")
            writer.close()
        self.assertEqual(problems, [])


class Conversations(Fuzz):
    """Valid messages in any order, with pieces of any transfer, to the real session and node."""

    JOBS = ("ab" * 16, "cd" * 16)
    BLOBS = (b"BLENDER-v300RENDH", b"y" * 40, b"")
    messages = 0

    def inputs(self, dice: random.Random) -> list[Any]:
        found: list[Any] = []
        for _ in range(dice.randint(1, 25)):
            if dice.random() < 0.2:
                found.append(parse_piece(encode_piece(dice.randint(0, 5), dice.choice((0, 0, 0, 17, 2**40)), b"y" * 40)))
                continue
            message = dict(dice.choice(TO_NODE))
            if message["type"] in ("error", "heartbeat"):
                continue  # the link handles these itself
            data = dice.choice(self.BLOBS)
            likely = {"job": dice.choice(self.JOBS), "transfer": dice.randint(0, 40), "slot": 0, "offset": 0}
            likely.update(sha256=hashlib.sha256(data).hexdigest(), sizeBytes=dice.choice((len(data), 3, 2**40)))
            message.update({key: value for key, value in likely.items() if key in message and dice.random() < 0.9})
            text = nearly(dice, message) if dice.random() < 0.05 else json.dumps(message)
            read = parsed(text, MESSAGES)
            if read is not None and read["type"] not in ("error", "heartbeat"):
                found.append(read)
        return found

    def test_a_coordinator_that_sends_anything_in_any_order_only_loses_its_own_link(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(
            io.StringIO()
        ):
            asyncio.run(self.converse(Path(folder)))
        print(f"fuzz: {self.messages} messages in these conversations")

    async def converse(self, root: Path) -> None:
        store = BlobStore(root, "cd" * 16, 2**20)
        board = SlotSwitchboard()
        board.open()
        program = BlenderProgram("/absent/blender", "3.4.1")
        node = Node(IDENTITY, "test", 1, program, store, board, root, lambda state: None, duplicates(), awake=may_sleep())
        for index in range(400 * EFFORT):
            inputs = self.inputs(random.Random(SEED + index * 7919))
            self.messages += len(inputs)
            link = FakeLink(inputs)
            try:
                await asyncio.wait_for(node.serve_link(link), 60)
            except BaseException as error:
                raise AssertionError(f"conversation {index}: FUZZ_SEED={SEED} has it again: {error!r}") from error
            self.assertEqual(link.answers[0], "node-info")
            self.assertEqual(store._writers, {}, "a part is still open")
        await node.close()
        board.close()
        folders = {path.parent.name for path in root.rglob("*") if path.is_file()}
        self.assertLessEqual(folders, {"blobs", "cd" * 16}, "something was written elsewhere")


if __name__ == "__main__":
    unittest.main()
