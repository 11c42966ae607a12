"""A port stays open whatever happens to single connections, and is opened again if the system closes it."""

import asyncio
import errno
import socket
import unittest
from unittest.mock import patch

from farm_node.wire import accepting
from farm_node.wire.accepting import Accepting
from farm_node.wire.listener import bind, listen

WAIT_S = 60


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)
        self.transport.close()


class Ports(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.told = []
        self.listener = listen("127.0.0.1", 0)
        self.port = self.listener.getsockname()[1]
        # The shortest interval for a test; a node checks every second.
        self.enterContextSafely(patch.object(accepting, "ACCEPT_PAUSE_S", 0.02))

    def enterContextSafely(self, manager):
        manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)

    def serve(self, again=None):
        listen_again = again or (lambda: bind("127.0.0.1", self.port))
        server = Accepting(self.listener, Echo, listen_again, self.told.append)
        self.addAsyncCleanup(server.wait_closed)
        self.addCleanup(server.close)
        return server

    async def ask(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"hello")
        answer = await asyncio.wait_for(reader.read(), WAIT_S)
        writer.close()
        return answer

    async def test_a_peer_that_leaves_before_it_is_accepted_has_no_effect(self):
        loop = asyncio.get_running_loop()
        accept = loop.sock_accept
        gone = [ConnectionResetError(errno.ECONNRESET, "reset"), OSError(errno.EINVAL, "the name is not there any more")]

        async def as_windows(sock):
            if gone:
                raise gone.pop()
            return await accept(sock)

        with patch.object(loop, "sock_accept", as_windows):
            server = self.serve()
            self.assertEqual(await self.ask(), b"hello")
        self.assertEqual((gone, server.is_serving(), self.told), ([], True, []))

    async def test_a_lasting_error_does_not_use_a_whole_core(self):
        tries = []

        async def broken(sock):
            tries.append(1)
            raise OSError(errno.EINVAL, "not listening")

        with patch.object(asyncio.get_running_loop(), "sock_accept", broken):
            self.serve()
            await asyncio.sleep(0.3)
        self.assertIn(len(tries), range(1, 32))

    async def test_it_waits_for_file_descriptors_and_continues(self):
        loop = asyncio.get_running_loop()
        accept = loop.sock_accept
        short = [OSError(errno.EMFILE, "too many open files")] * 3

        async def as_full(sock):
            if short:
                raise short.pop()
            return await accept(sock)

        with patch.object(loop, "sock_accept", as_full):
            self.serve()
            self.assertEqual(await self.ask(), b"hello")

    async def test_a_socket_that_the_system_closed_is_replaced_on_the_same_port_and_links_stay(self):
        server = self.serve()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.sleep(0.05)
        asyncio.get_running_loop().remove_reader(self.listener)
        self.listener.close()  # as asyncio does on Windows
        writer.write(b"still here")
        self.assertEqual(await asyncio.wait_for(reader.read(), WAIT_S), b"still here")
        writer.close()
        for _ in range(200):
            try:
                answer = await self.ask()
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
        self.assertEqual(answer, b"hello")
        self.assertEqual([sock.getsockname()[1] for sock in server.sockets], [self.port])

    async def test_a_port_that_is_not_released_is_reported_once_and_retried(self):
        tries = []

        def again():
            tries.append(1)
            if len(tries) < 4:
                raise OSError(errno.EADDRINUSE, "Address already in use")
            return bind("127.0.0.1", self.port)

        self.serve(again)
        await asyncio.sleep(0.05)
        asyncio.get_running_loop().remove_reader(self.listener)
        self.listener.close()
        for _ in range(400):
            if len(tries) >= 4:
                break
            await asyncio.sleep(0.02)
        self.assertEqual(await self.ask(), b"hello")
        self.assertEqual(len(self.told), 1)
        self.assertIn("Address already in use", self.told[0])

    async def test_its_owner_closes_it_for_good(self):
        server = self.serve()
        self.assertEqual(await self.ask(), b"hello")
        server.close()
        await server.wait_closed()
        self.assertEqual(self.listener.fileno(), -1)
        with socket.socket() as caller:
            self.assertNotEqual(caller.connect_ex(("127.0.0.1", self.port)), 0)
