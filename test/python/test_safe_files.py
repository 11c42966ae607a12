"""A node's own files: a link, a pipe or another user's file in their place is refused and not touched."""

import asyncio
import os
import tempfile
import unittest
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from farm_node.slots.attempts import Attempt, Result
from farm_node.session.downloads import Downloads
from farm_node.errors import Fault, StartError
from farm_node.wire.farm_key import load_key, parse_key
from farm_node.slots.frame_result import FrameExpectation, result_of
from farm_node.identity import claim_identity
from farm_node.ready_file import write_ready_file
from farm_node.files.safe_files import NotOursError, open_new, open_own, open_or_make
from farm_node.slots.slot_log import SlotLog

KEY = "AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYU"
IS_ROOT = os.name == "posix" and os.geteuid() == 0
ANOTHER_USER = 12345
MACHINE = "0123456789abcdef0123456789abcdef"


@unittest.skipIf(os.name == "nt", "links need a right on Windows, and it has no owners that this goes by")
class Planted(unittest.TestCase):
    """`precious` is outside the node's folder, and must be unchanged after a test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.precious = Path(folder.name) / "bashrc"
        self.precious.write_text("precious")
        self.folder = Path(folder.name) / "node"
        self.folder.mkdir()
        self.addCleanup(lambda: self.assertEqual(self.precious.read_text(), "precious"))

    def plant(self, name: str) -> Path:
        (self.folder / name).symlink_to(self.precious)
        return self.folder / name

    @contextmanager
    def refuses(self, *words: str):
        """In the message or in its hint."""
        with self.assertRaises((StartError, NotOursError)) as raised:
            yield
        self.assertRegex(f"{raised.exception} {getattr(raised.exception, 'hint', '')}", ".*".join(words))


class Opening(Planted):
    def test_a_link_is_not_opened(self):
        for opening in (open_own, open_or_make):
            with self.refuses("is a link"):
                opening(self.plant(opening.__name__), os.O_RDWR)
        with self.assertRaises(FileExistsError):
            open_new(self.plant("new"))
        (self.folder / "dangling").symlink_to("nowhere")
        with self.refuses("is a link"):
            open_or_make(self.folder / "dangling", os.O_RDWR)
        self.assertFalse((self.folder / "nowhere").exists())

    def test_neither_a_folder_nor_a_pipe_is_opened_and_nothing_waits_for_its_other_end(self):
        os.mkfifo(self.folder / "pipe")
        for name in ("pipe", "."):
            with self.refuses("not a regular file"):
                open_own(self.folder / name)

    def test_nothing_is_written_to_a_file_with_a_second_name(self):
        os.link(self.precious, self.folder / "part")
        os.close(open_own(self.folder / "part"))
        with self.refuses("hard link"):
            open_own(self.folder / "part", os.O_RDWR)

    def test_a_file_that_is_replaced_while_it_is_opened_is_opened_again_but_not_for_ever(self):
        def replace_before(opening, times: int):
            def replace(*arguments):
                if times > len(replaced):
                    replaced.append((self.folder / "new").write_text("new"))
                    (self.folder / "new").replace(self.folder / "file")
                return opening(*arguments)

            return replace

        for times, is_opened in ((3, True), (100, False)):
            replaced = []
            (self.folder / "file").write_text("old")
            with mock.patch("os.open", replace_before(os.open, times)):
                if is_opened:
                    os.close(open_own(self.folder / "file"))
                else:
                    with self.refuses("replaced every time"):
                        open_own(self.folder / "file")

    def test_new_files_are_for_this_user_only(self):
        os.close(open_or_make(self.folder / "made", os.O_RDWR))
        self.assertEqual((self.folder / "made").stat().st_mode & 0o777, 0o600)
        os.close(open_or_make(self.folder / "made", os.O_RDWR))


class Config(Planted):
    def test_a_linked_key_id_or_lock_is_refused(self):
        self.plant("key")
        with self.refuses("is a link", "--key-file"):
            load_key(self.folder, None, {})
        for name in ("node-id.lock", "node-id"):
            self.plant(name)
            with self.refuses("is a link", "--config-dir"):
                claim_identity(self.folder, MACHINE)
            (self.folder / name).unlink()

    def test_nothing_is_written_through_a_link_with_the_name_of_a_temporary_file(self):
        for name in ("node-id.part", f"key.{os.getpid()}.part", f".ready.json.{os.getpid()}.part"):
            self.plant(name)
        claim_identity(self.folder, MACHINE).release()
        load_key(self.folder, None, {})
        write_ready_file(self.folder / "ready.json", {})
        self.assertEqual(len(list(self.folder.glob("*.part"))), 3)

    def test_a_ready_file_replaces_a_link(self):
        write_ready_file(self.plant("ready.json"), {"port": 7447})
        self.assertEqual((self.folder / "ready.json").read_text(), '{"port": 7447}\n')

    def test_a_key_file_that_the_user_named_may_be_a_link(self):
        (self.folder / "..data").write_text(KEY)
        (self.folder / "secret").symlink_to("..data")
        self.assertEqual(load_key(self.folder / "none", self.folder / "secret", {}).raw, parse_key(KEY))

    def test_the_config_folder_may_be_a_link(self):
        (self.folder.parent / "config").symlink_to(self.folder)
        made = load_key(self.folder.parent / "config", None, {})
        claim_identity(self.folder.parent / "config", MACHINE).release()
        self.assertEqual(load_key(self.folder, None, {}).raw, made.raw)

    @unittest.skipUnless(IS_ROOT, "only root can give files to another user")
    def test_a_config_folder_of_another_user_is_refused(self):
        os.chown(self.folder, ANOTHER_USER, ANOTHER_USER)
        for start in (lambda: claim_identity(self.folder, MACHINE), lambda: load_key(self.folder, None, {})):
            with self.refuses("belongs to another user", str(ANOTHER_USER)):
                start()
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_config_folder_or_key_that_others_can_write_to_is_refused(self):
        (self.folder / "key").write_text(KEY)
        (self.folder / "key").chmod(0o666)
        with self.refuses("everybody may write to", "chmod go-w"):
            load_key(self.folder, None, {})
        (self.folder / "key").chmod(0o600)
        for mode in (0o777, 0o702):
            self.folder.chmod(mode)
            with self.refuses("everybody may write to", "chmod go-w"):
                claim_identity(self.folder, MACHINE)
            with self.refuses("everybody may write to", "chmod go-w"):
                load_key(self.folder, None, {})  # on a machine without an id the folder is only checked here
        self.folder.chmod(0o1777)  # like /tmp: nobody can remove another user's files
        claim_identity(self.folder, MACHINE).release()
        self.assertEqual(load_key(self.folder, None, {}).raw, parse_key(KEY))

    @unittest.skipUnless(IS_ROOT, "only root can give folders to a group")
    def test_a_group_may_write_to_the_config_folder_only_if_it_is_the_users_own(self):
        self.folder.chmod(0o770)
        os.chown(self.folder, 0, 0)
        claim_identity(self.folder, MACHINE).release()
        os.chown(self.folder, 0, ANOTHER_USER)
        with self.refuses(f"the group {ANOTHER_USER} may write to", "chmod go-w"):
            claim_identity(self.folder, MACHINE)

    @unittest.skipUnless(IS_ROOT, "only root can give files to another user")
    def test_a_key_of_another_user_is_used_only_if_it_is_named(self):
        (self.folder / "key").write_text(KEY)
        os.chown(self.folder / "key", ANOTHER_USER, ANOTHER_USER)
        with self.refuses("belongs to another user", "--key-file"):
            load_key(self.folder, None, {})
        self.assertEqual(load_key(self.folder, self.folder / "key", {}).raw, parse_key(KEY))

    @unittest.skipUnless(IS_ROOT, "only root can become another user")
    def test_files_of_root_are_trusted_by_every_user(self):
        (self.folder / "key").write_text(KEY)
        self.folder.parent.chmod(0o755)
        self.folder.chmod(0o1777)
        (self.folder / "key").chmod(0o644)
        child = os.fork()
        if child == 0:
            try:
                os.setresuid(ANOTHER_USER, ANOTHER_USER, ANOTHER_USER)
                identity = claim_identity(self.folder, MACHINE)
                os._exit(0 if load_key(self.folder, None, {}).raw == parse_key(KEY) and not identity.temporary_because else 1)
            finally:
                os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)


class Run(Planted):
    def test_a_slot_log_is_not_written_through_a_link(self):
        log = SlotLog(self.plant("blender.log"))
        log.feed(b"first\n")
        log.close()
        self.assertEqual(log.tail(), ["first"])
        os.link(self.precious, self.folder / "linked.log")
        log = SlotLog(self.folder / "linked.log")
        log.feed(b"first\n")
        log.close()

    def test_a_frame_that_is_a_link_or_a_pipe_is_not_a_result(self):
        os.mkfifo(self.folder / "2-0.png")
        self.plant("1-0.png")
        expect = FrameExpectation(1, 1, 8, "RGB", "CPU", 0)
        for frame, words in ((1, "is a link"), (2, "not a regular file")):
            fault = result_of(Attempt(frame, 0), self.folder / f"{frame}-0.png", expect, 1.0)
            assert isinstance(fault, Fault)
            self.assertEqual(fault.code, "READ_FAILED")
            self.assertIn(words, fault.message)

    def test_a_frame_that_became_a_link_is_not_sent(self):
        sent = []

        class Link:
            async def send(self, message: dict) -> None:
                sent.append((message["type"], message["message"]))

            async def send_piece(self, transfer: int, offset: int, data: bytes) -> None:
                sent.append(data)

        attempt = Attempt(1, 0)
        result = Result(attempt, self.plant("1-0.png"), {"sizeBytes": 8, "sha256": ""})
        downloads = Downloads(Link(), lambda _: result, lambda _: None)  # type: ignore[arg-type]
        asyncio.run(downloads._answer({"transfer": 1, "frame": 1, "attempt": 0, "offset": 0}))
        self.assertEqual(len(sent), 1)
        self.assertEqual(sent[0][0], "result-missing")
        self.assertIn("is a link", sent[0][1])


if __name__ == "__main__":
    unittest.main()
