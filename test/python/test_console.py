"""Printing never blocks the node, even on a stopped terminal or an unread pipe."""

import asyncio
import os
import pty
import select
import signal
import sys
import threading
import unittest
from pathlib import Path
from unittest.mock import patch

from farm_node.console import _is_same_file
from farm_node.console_writer import MAX_WAITING, ConsoleStream, ConsoleWriter

from .support.node import BLENDER, SCRIPTS
from .support.real_node import RealNodeCase, ScenesCase

FILLING = b"\x01"


class Streams(unittest.TestCase):
    def test_two_streams_of_one_file_share_a_writer_but_not_those_without_a_number(self):
        with open(__file__) as one, open(__file__) as same, open(os.devnull) as other:
            self.assertTrue(_is_same_file(one, same))
            self.assertFalse(_is_same_file(one, other))
            nameless = os.stat_result((0o010000, 0, 0, 1, 0, 0, 0, 0, 0, 0))  # of a pipe or console on Windows
            with patch("os.fstat", return_value=nameless):
                self.assertFalse(_is_same_file(one, other))


def fill(end: int) -> None:
    """Fills it completely. The kernel passes a terminal's bytes on a moment later, and then has room again."""
    os.set_blocking(end, False)
    has_room = True
    while has_room:
        try:
            os.write(end, FILLING * 1024)
        except BlockingIOError:
            has_room = bool(select.select([], [end], [], 0.25)[1])
    os.set_blocking(end, True)


def read_all(end: int) -> bytes:
    data = b""
    try:
        while piece := os.read(end, 65536):
            data += piece
    except OSError:
        pass  # the other end of a terminal is closed
    return data.replace(FILLING, b"")


class OnFullPipe(unittest.TestCase):
    def setUp(self):
        self.read_end, self.write_end = os.pipe()
        fill(self.write_end)
        self.writer = ConsoleWriter(os.fdopen(self.write_end, "wb", buffering=0))

    def read_in_thread(self):
        """Reads to the end, once the writer is closed and collected."""
        said = []
        thread = threading.Thread(target=lambda: said.append(read_all(self.read_end)))
        thread.start()
        self.assertTrue(self.writer.close(30))
        self.writer._raw.close()
        thread.join()
        os.close(self.read_end)
        return said[0]

    def test_nobody_waits_and_nothing_is_lost(self):
        stream = ConsoleStream(self.writer, "utf-8")
        for number in range(10_000):
            print("line", number, file=stream)
        self.assertFalse(self.writer.close(0))
        self.assertEqual(self.read_in_thread().decode(), "".join(f"line {number}\n" for number in range(10_000)))

    def test_surplus_lines_are_dropped_and_counted(self):
        line = b"x" * 99 + b"\n"
        for _ in range(MAX_WAITING // 100 + 7):
            self.writer.put(line)
        said = self.read_in_thread()
        self.assertEqual(said, line * (MAX_WAITING // 100) + b"(7 lines dropped here: the output was not read in time)\n")

    def test_a_nonblocking_pipe_is_written_too(self):
        os.set_blocking(self.write_end, False)
        self.writer.put(b"a line\n" * 20_000)
        self.assertEqual(self.read_in_thread(), b"a line\n" * 20_000)

    def test_a_reader_that_leaves_does_not_end_the_node(self):
        os.close(self.read_end)
        self.writer.put(b"nobody hears this\n")
        self.assertTrue(self.writer.close(30))
        self.writer._raw.close()


class OnFull:
    """Full files that nobody reads."""

    def pipe(self):
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        self.addCleanup(os.close, write_end)
        return write_end

    def terminal(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        return slave

    async def ends(self, node):
        self.assertEqual(await asyncio.wait_for(node.stop(signal.SIGTERM), 30), 0)
        self.assertEqual(os.listdir(node.cache / "renderfarm" / "runs"), [])


class FromTheStart(OnFull, RealNodeCase):
    """The node works, and ends at once when it is told to."""

    async def serves_and_ends(self, output):
        fill(output)
        node = self.start(output=output)
        coordinator = await node.coordinator()
        self.addAsyncCleanup(coordinator.close)
        await coordinator.expect("node-info")
        await self.ends(node)

    async def test_a_pipe(self):
        await self.serves_and_ends(self.pipe())

    async def test_a_terminal(self):
        await self.serves_and_ends(self.terminal())

    async def test_wrong_options_still_end_it_with_2(self):
        output = self.pipe()
        fill(output)
        command = [sys.executable, "-B", str(SCRIPTS / "main.py"), "--prot", "7000"]
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
        self.assertEqual(await asyncio.wait_for(process.wait(), 30), 2)


@unittest.skipIf(BLENDER is None, "no `blender` on PATH: a node in Blender is not tried with output that nobody reads")
class InBlender(OnFull, ScenesCase):
    """Blender prints to the same file when it starts and when it quits."""

    async def renders_and_ends(self, output):
        node = self.start(inside=True, output=output)
        fill(output)
        coordinator, _ = await self.open(node)
        await self.ready(coordinator, "plain")
        for frame in (1, 2, 3):
            await coordinator.send("frame-assign", slot=0, frame=frame, attempt=0)
            await coordinator.expect("frame-rendered", lambda m, frame=frame: m["result"]["frame"] == frame)
        await self.ends(node)

    async def test_a_pipe(self):
        await self.renders_and_ends(self.pipe())

    async def test_a_terminal(self):
        await self.renders_and_ends(self.terminal())


if __name__ == "__main__":
    unittest.main()
