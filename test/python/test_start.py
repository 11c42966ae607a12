"""The start of a node: options, paths, key, identity, run folder, command lines."""

import contextlib
import errno
import hmac
import io
import os
import secrets
import stat
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from farm_node.wire.advertise import instance_label, service_id
from farm_node.slots.blender_program import BlenderProgram, child_environment, slot_command, slot_environment
from farm_node.console import printable
from farm_node.errors import StartError
from farm_node.files.file_lock import FileLock
from farm_node.wire.farm_key import format_key, load_key, parse_key
from farm_node.identity import claim_identity
from farm_node.wire.listener import listen
from farm_node.machine_id import machine_id
from farm_node.options import parse_options
from farm_node.paths import cache_dir, config_dir, home_folder
from farm_node.slots.run_folder import RunFolder, remove_stale


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Options(unittest.TestCase):
    def test_defaults(self):
        options = parse_options([])
        self.assertEqual((options.host, options.port, options.slots, options.mdns), ("0.0.0.0", None, 1, True))
        self.assertEqual(options.cache_bytes, 50 * 2**30)

    def test_all_options(self):
        text = "--host 10.0.0.1 --port 7000 --name Rack --slots 2 --blender b --cache-dir /c --cache-size 0.5"
        text += " --config-dir /d --key-file k --open --no-mdns --ready-file r --exit-with-stdin"
        options = parse_options(text.split())
        self.assertEqual((options.port, options.slots, options.cache_bytes), (7000, 2, 2**29))
        self.assertTrue(options.open and options.exit_with_stdin and not options.mdns)
        options = parse_options("--tls-cert c --tls-key k --allow-scripts".split())
        self.assertEqual((str(options.tls_cert), str(options.tls_key), options.allow_scripts), ("c", "k", True))
        self.assertFalse(parse_options([]).allow_scripts)

    def test_mistakes_are_named_and_end_with_2(self):
        for text in ("--prot 7000", "--por 7000", "--port 65536", "--port x", "--slots 257", "--cache-size 0", "--tls-cert c", "--tls-key k", "--remove-config-dir", "extra", "--name \x1b"):
            with self.subTest(text), contextlib.redirect_stderr(io.StringIO()) as said:
                with self.assertRaises(SystemExit) as ended:
                    parse_options(text.split(" "))
                self.assertEqual(ended.exception.code, 2)
                self.assertIn(text.split(" ")[0].split("=")[0], said.getvalue())


class Paths(unittest.TestCase):
    def test_the_folders_are_those_of_the_command_line_program(self):
        self.assertEqual(config_dir("linux", {}, "/h"), Path("/h/.config/renderfarm"))
        self.assertEqual(config_dir("linux", {"XDG_CONFIG_HOME": "/x"}, "/h"), Path("/x/renderfarm"))
        self.assertEqual(cache_dir("linux", {}, "/h"), Path("/h/.cache/renderfarm"))
        self.assertEqual(config_dir("darwin", {}, "/h"), Path("/h/Library/Preferences/renderfarm"))
        self.assertEqual(cache_dir("darwin", {}, "/h"), Path("/h/Library/Caches/renderfarm"))
        self.assertEqual(config_dir("win32", {"APPDATA": "/r"}, "/h"), Path("/r/renderfarm/Config"))
        self.assertEqual(cache_dir("win32", {"LOCALAPPDATA": "/l"}, "/h"), Path("/l/renderfarm/Cache"))
        chosen = {"RENDERFARM_CONFIG_DIR": "/c", "RENDERFARM_CACHE_DIR": "/d", "XDG_CONFIG_HOME": "/x"}
        self.assertEqual((config_dir("linux", chosen), cache_dir("linux", chosen)), (Path("/c"), Path("/d")))

    @unittest.skipIf(os.name == "nt", "Windows has no list of users that could lack one")
    def test_a_user_unknown_to_the_system_has_the_root_folder_as_home(self):
        with patch.dict(os.environ), patch("pwd.getpwuid", side_effect=KeyError):
            del os.environ["HOME"]
            self.assertEqual(config_dir("linux", {}), Path("/.config/renderfarm"))
            self.assertEqual(child_environment({})["HOME"], "/", "Blender 2.83 and 3.4 crash without one")


    def test_a_home_that_is_not_a_path_is_the_root_folder_too(self):
        for home in ("~a user that nobody knows", "", "not/absolute"):
            self.assertEqual(home_folder(home), Path(os.path.abspath(os.sep)))

    def test_a_percent_sign_in_a_folder_is_shown_unchanged(self):
        with patch.dict(os.environ, {"RENDERFARM_CACHE_DIR": "/data/50%full"}):
            said = io.StringIO()
            with contextlib.redirect_stdout(said), self.assertRaises(SystemExit):
                parse_options(["--help"])
        self.assertIn("/data/50%full", said.getvalue().replace("\n", ""))


class Locks(InFolder):
    @unittest.skipIf(os.name == "nt", "Windows locks in another way")
    def test_a_file_system_without_locks_is_an_error_and_does_not_look_like_another_node(self):
        without = OSError(errno.ENOLCK, "No locks available")
        with patch("fcntl.flock", side_effect=without):
            with self.assertRaises(OSError) as raised:
                FileLock.try_acquire(self.folder / "lock")
            self.assertEqual(raised.exception.errno, errno.ENOLCK)
            with self.assertRaises(OSError):
                RunFolder.create(self.folder)
        self.assertEqual(list((self.folder / "runs").iterdir()), [], "what was made for nothing goes again")
        held = FileLock.try_acquire(self.folder / "lock")
        self.assertIsNone(FileLock.try_acquire(self.folder / "lock"))
        held.release()


class Key(InFolder):
    TEXT = "AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYU"

    def test_a_first_node_makes_a_key_for_itself_and_shows_it_once(self):
        made = load_key(self.folder / "new", None, {})
        self.assertEqual(parse_key(made.made_text), made.raw)
        self.assertEqual(len(made.raw), 20)
        path = self.folder / "new" / "key"
        if os.name == "posix":
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        again = load_key(self.folder / "new", None, {})
        self.assertEqual((again.raw, again.made_text), (made.raw, None))
        self.assertEqual(sorted(os.listdir(self.folder / "new")), ["key"])

    def test_the_environment_takes_precedence_over_the_file(self):
        (self.folder / "k").write_text(self.TEXT)
        other = format_key(secrets.token_bytes(20))
        self.assertEqual(load_key(self.folder, self.folder / "k", {"RENDERFARM_KEY": other}).raw, parse_key(other))
        self.assertEqual(load_key(self.folder, self.folder / "k", {}).key_id, "c31209dd")

    def test_a_key_that_can_be_guessed_is_refused_from_everywhere(self):
        weak = "PASSWORD" * 4
        (self.folder / "k").write_text(weak)
        (self.folder / "key").write_text(weak)
        for env, file in (({"RENDERFARM_KEY": weak}, None), ({}, self.folder / "k"), ({}, None)):
            with self.assertRaisesRegex(StartError, "key make") as raised:
                load_key(self.folder, file, env)
            self.assertNotIn("PASSWORD", str(raised.exception))

    @unittest.skipUnless(hasattr(os, "mkfifo"), "this system has no named pipes")
    def test_a_key_file_that_is_a_pipe_or_a_device_is_refused_at_once(self):
        os.mkfifo(self.folder / "pipe")
        for path in (self.folder / "pipe", Path("/dev/zero"), self.folder):
            with self.assertRaisesRegex(StartError, f"{path}.*not a regular file"):
                load_key(self.folder, path, {})

    @unittest.skipIf(os.name == "nt", "links need a right there")
    def test_a_key_file_may_be_a_link(self):
        (self.folder / "data").write_text(self.TEXT)
        (self.folder / "secret").symlink_to("data")
        self.assertEqual(load_key(self.folder, self.folder / "secret", {}).key_id, "c31209dd")

    def test_an_unusable_key_is_an_error_that_does_not_repeat_it(self):
        (self.folder / "key").write_text("SHORT1SECRET")
        with self.assertRaises(StartError) as raised:
            load_key(self.folder, None, {})
        self.assertNotIn("SECRET", str(raised.exception))
        with self.assertRaises(StartError):
            load_key(self.folder, self.folder / "absent", {})

    def test_if_no_key_can_be_saved_the_error_says_how_to_give_one(self):
        (self.folder / "file").write_text("")
        with self.assertRaises(StartError) as raised:
            load_key(self.folder / "file" / "config", None, {})
        self.assertRegex(raised.exception.hint, "RENDERFARM_KEY.*--key-file.*--config-dir")
        self.assertEqual(load_key(self.folder / "file" / "config", None, {"RENDERFARM_KEY": self.TEXT}).made_text, None)


class IdentityTest(InFolder):
    MACHINE = "0123456789abcdef" * 2

    def claim(self, machine=MACHINE):
        identity = claim_identity(self.folder, machine)
        self.addCleanup(identity.release)
        self.assertRegex(identity.node_id, "^[0-9a-f]{32}$")
        return identity

    def run_once(self, machine=MACHINE):
        identity = self.claim(machine)
        identity.release()
        return identity

    def test_a_node_keeps_its_id_and_each_start_has_its_own_number(self):
        first, second = self.run_once(), self.run_once()
        self.assertEqual((first.node_id, first.temporary_because), (second.node_id, ""))
        self.assertNotEqual(first.start, second.start)
        self.assertRegex(first.start, "^[0-9a-f]{16}$")

    def test_a_copy_of_the_config_folder_has_another_id_on_another_machine(self):
        other = self.run_once("f" * 31 + "0")
        self.assertNotEqual(self.run_once().node_id, other.node_id)

    def test_the_nodes_id_reveals_nothing_of_the_machines_id_or_the_stored_one(self):
        node_id = self.run_once().node_id
        stored = (self.folder / "node-id").read_text().strip()
        self.assertEqual(node_id, hmac.new(self.MACHINE.encode(), b"renderfarm node id" + stored.encode(), "sha256").hexdigest()[:32])
        for secret in (self.MACHINE, stored):
            pieces = {secret[at : at + 8] for at in range(25)}
            self.assertEqual([piece for piece in pieces if piece in node_id], [])

    def test_a_second_node_has_an_id_for_one_run(self):
        first, second = self.claim(), self.claim()
        self.assertNotEqual(first.node_id, second.node_id)
        self.assertEqual((first.temporary_because, second.temporary_because), ("", f"another node runs with {self.folder}"))

    def test_on_a_machine_without_an_id_the_id_is_for_one_run(self):
        first, second = self.run_once(None), self.run_once(None)
        self.assertNotEqual(first.node_id, second.node_id)
        self.assertIn("this machine has no id of its own", first.temporary_because)

    def test_a_folder_that_belongs_to_one_node_needs_no_machine_id(self):
        self.assertEqual(self.run_once("").node_id, self.run_once("").node_id)

    def test_if_no_id_can_be_saved_it_is_for_one_run_and_the_node_says_why(self):
        (self.folder / "file").write_text("")
        first, second = (claim_identity(self.folder / "file" / "config", MachineId.ID) for _ in range(2))
        self.assertNotEqual(first.node_id, second.node_id)
        for identity in (first, second):
            self.assertRegex(identity.temporary_because, "no node id can be saved in .*ot a directory")

    def test_a_damaged_id_is_replaced(self):
        (self.folder / "node-id").write_text("gibberish")
        self.assertEqual(self.run_once().node_id, self.run_once().node_id)


class MachineId(InFolder):
    ID = "3d1219c7c4c5404aaa1f6d2a48adfda4"

    def of_files(self, *texts):
        files = [self.folder / str(number) for number, text in enumerate(texts)]
        for file, text in zip(files, texts):
            file.unlink(missing_ok=True)
            if text is not None:
                file.write_bytes(text)
        return machine_id("linux", [str(file) for file in files])

    def test_on_linux_it_is_from_the_first_file_that_has_one(self):
        ours = self.ID.encode()
        self.assertEqual(self.of_files(ours + b"\n", b"0123456789abcdef" * 2), self.ID)
        for text in (None, b"", b"uninitialized\n", b"0" * 32, b"abc", b"\xff" * 32, ours + b"0", ours.upper()):
            with self.subTest(text):
                self.assertEqual(self.of_files(text, ours), self.ID)
                self.assertIsNone(self.of_files(text))

    def test_on_macos_it_is_from_ioreg(self):
        said = '+-o J314 <class IOPlatformExpertDevice>\n    {\n      "IOPlatformUUID" = "3D1219C7-C4C5-404A-AA1F-6D2A48ADFDA4"\n'
        self.assertEqual(machine_id("darwin", ask=lambda: said), self.ID)
        self.assertIsNone(machine_id("darwin", ask=lambda: '      "IOPlatformSerialNumber" = "C02"\n'))

    def test_on_windows_it_is_the_machine_guid(self):
        for said in ("3d1219c7-c4c5-404a-aa1f-6d2a48adfda4", "{3D1219C7-C4C5-404A-AA1F-6D2A48ADFDA4}"):
            self.assertEqual(machine_id("win32", ask=lambda said=said: said), self.ID)
        self.assertIsNone(machine_id("win32", ask=lambda: ""))

    def test_without_an_answer_there_is_none(self):
        def fail():
            raise FileNotFoundError("ioreg")

        for platform in ("darwin", "win32"):
            self.assertIsNone(machine_id(platform, ask=fail))


class RunFolders(InFolder):
    def test_only_folders_of_ended_nodes_are_stale(self):
        running, dead = RunFolder.create(self.folder), RunFolder.create(self.folder)
        (dead.path / "frame.png").write_text("x")
        dead._lock.release()
        self.assertEqual(remove_stale(self.folder), 1)
        self.assertTrue(running.path.exists())
        self.assertFalse(dead.path.exists())
        running.remove()
        self.assertEqual(os.listdir(self.folder / "runs"), [])


class Commands(unittest.TestCase):
    def test_a_single_slot_has_all_cores(self):
        command = slot_command(BlenderProgram("/b/blender", "3.4.1"), 1, 8)
        self.assertEqual(command[:6], "/b/blender -b --factory-startup --disable-autoexec -noaudio --python-exit-code".split())
        self.assertNotIn("-t", command)
        self.assertLess(command.index("--python-exit-code"), command.index("-P"))

    def test_scripts_run_only_if_that_is_asked_for(self):
        program = BlenderProgram("b", "3.4.1")
        self.assertNotIn("--enable-autoexec", slot_command(program, 1, 8))
        allowed = slot_command(program, 1, 8, scripts=True)
        self.assertIn("--enable-autoexec", allowed)
        self.assertNotIn("--disable-autoexec", allowed)

    def test_slots_share_the_cores(self):
        command = slot_command(BlenderProgram("b", "3.4.1"), 3, 8)
        self.assertEqual(command[command.index("-t") + 1], "2")
        self.assertIn("1", slot_command(BlenderProgram("b", "3.4.1"), 9, 8))

    def test_a_job_may_want_a_number_of_threads_for_each_slot(self):
        for slots in (1, 3):
            command = slot_command(BlenderProgram("b", "3.4.1"), slots, 8, threads=5)
            self.assertEqual(command[command.index("-t") + 1], "5")
            self.assertLess(command.index("-t"), command.index("-P"))

    def test_blender_5_is_told_to_log(self):
        self.assertIn("--log", slot_command(BlenderProgram("b", "5.2.2"), 1, 8))
        self.assertNotIn("--log", slot_command(BlenderProgram("b", "4.5.0"), 1, 8))

    def test_a_slot_does_not_get_the_key(self):
        environment = slot_environment(1, "t", Path("/run"), {"RENDERFARM_KEY": "secret", "HOME": "/h"})
        self.assertNotIn("secret", environment.values())
        self.assertEqual((environment["HOME"], environment["TMPDIR"]), ("/h", "/run"))

    @unittest.skipIf(os.name == "nt", "PATH is not what Blender's Python goes by there")
    def test_a_foreign_python_is_removed_from_path(self):
        self.assertEqual(child_environment({"PATH": "/v/bin:/usr/bin"}, "/v/bin/python3")["PATH"], "/usr/bin")
        self.assertEqual(child_environment({"PATH": "/v/bin:/usr/bin"}, "/usr/bin/python3")["PATH"], "/v/bin:/usr/bin")


class Network(unittest.TestCase):
    def test_a_requested_port_that_is_in_use_is_an_error(self):
        with listen("127.0.0.1", 0) as taken, self.assertRaises(StartError):
            listen("127.0.0.1", taken.getsockname()[1])

    def test_instance_names_are_one_label(self):
        self.assertEqual(instance_label("rack 2.local", "0123456789"), "rack 2 local-01234567")
        self.assertLessEqual(len(instance_label("ü" * 64, "0123456789").encode()), 63)
        self.assertEqual(instance_label("...", "0123456789"), "node-01234567")

    def test_two_nodes_never_announce_the_same_name_and_a_restarted_node_keeps_its_name(self):
        node_id = "ab" * 16
        service = service_id(node_id, ["10.0.0.1"], 7447)
        self.assertEqual(service, service_id(node_id, ["10.0.0.1"], 7447))
        self.assertRegex(service, "^[0-9a-f]{32}$")
        others = {service_id(node_id, ["10.0.0.2"], 7447), service_id(node_id, ["10.0.0.1"], 7448)}
        self.assertEqual(len({service, *others}), 3)

    def test_control_characters_are_shown_escaped(self):
        self.assertEqual(printable("a\x1b[2Jb\nc\u202e\ud800"), "a\\x1b[2Jb\\nc\\u202e\\ud800")
        self.assertEqual(printable("büro 2"), "büro 2")
