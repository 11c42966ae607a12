"""Reading Blender's headers, PNG files, log lines and exit statuses."""

import gzip
import os
import struct
import tempfile
import unittest
import zlib
from pathlib import Path
from types import SimpleNamespace

from farm_node.slots.attempts import Attempt, Result
from farm_node.job.blend_header import parse_header, saved_by
from farm_node.slots.blender_log import explain, fraction_done
from farm_node.errors import FAULT_CODES, Fault
from farm_node.slots.exit_cause import explain_end
from farm_node.slots.frame_result import FrameExpectation, result_of
from farm_node.hints import HINTS
from farm_node.slots.png_check import PngError, check_png
from farm_node.slots.slot_log import SlotLog
from farm_node.slots.slot_process import SlotEnd
from farm_slot.output.size import rendered_size


DO = r"\b([Uu]se|[Ii]nstall|[Oo]pen|Free|Run|Check|Find out|Pack|Set|turn|Name|Start|Choose) "
"""Verbs that hints start with."""


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(frame: bytes = b"0007") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 7))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"tEXt", b"Frame\0" + frame) + data + chunk(b"IEND", b"")


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "file"


class Headers(InFolder):
    def test_forms_of_the_header(self):
        self.assertEqual(parse_header(b"BLENDER-v304REND"), (3, 4))
        self.assertEqual(parse_header(b"BLENDER_v283REND"), (2, 83))
        self.assertEqual(parse_header(b"BLENDER17-01v0502REND"), (5, 2))
        self.assertIsNone(parse_header(b"BLENDERS are loud"))
        self.assertIsNone(parse_header(b""))

    def test_plain_gzip_and_other_files(self):
        for data, version in (
            (b"BLENDER-v403" + bytes(40), (4, 3)),
            (gzip.compress(b"BLENDER-v279" + bytes(40)), (2, 79)),
            (gzip.compress(b"BLENDER-v279" + os.urandom(400))[:14], None),
            (b"\x1f\x8bnonsense", None),
            (b"\x28\xb5\x2f\xfdnonsense", None),
            (b"", None),
        ):
            self.path.write_bytes(data)
            self.assertEqual(saved_by(self.path), version)


class Pngs(InFolder):
    EXPECT = FrameExpectation(width=2, height=1, depth=8, color_mode="RGB", device="CPU", slot=0)

    def result(self, data, frame=7):
        if data is not None:
            self.path.write_bytes(data)
        return result_of(Attempt(frame, 0), self.path, self.EXPECT, {"seconds": 1.0})

    def test_a_complete_file_has_its_frame_number(self):
        self.path.write_bytes(png(b"-07"))
        facts = check_png(self.path)
        self.assertEqual((facts.width, facts.height, facts.depth, facts.color_mode, facts.frame), (2, 1, 8, "RGB", -7))

    def test_every_truncation_is_found(self):
        for length in range(len(png())):
            self.path.write_bytes(png()[:length])
            with self.assertRaises(PngError):
                check_png(self.path)

    def test_every_flipped_byte_after_the_signature_is_found(self):
        for position in range(8, len(png())):
            data = bytearray(png())
            data[position] ^= 1
            self.path.write_bytes(data)
            with self.assertRaises(PngError):
                check_png(self.path)

    def test_only_the_right_complete_frame_is_a_result(self):
        self.assertIsInstance(self.result(png()), Result)
        for data, frame in ((png(), 8), (png()[:-1], 7), (b"", 7), (png(b"x"), 7)):
            self.assertEqual(self.result(data, frame).code, "NO_OUTPUT")
        self.path.unlink()
        self.assertEqual(self.result(None).code, "NO_OUTPUT")
        self.path.mkdir()
        self.assertEqual(self.result(None).code, "READ_FAILED", "it is the node that cannot")


class Logs(InFolder):
    def test_fractions(self):
        self.assertEqual(fraction_done("Fra:1 Mem:8M | Scene, View Layer | Sample 3/8"), 0.375)
        self.assertEqual(fraction_done("Fra:1 | Rendered 2/4 Tiles, Sample 0/8"), 0.5)
        self.assertIsNone(fraction_done("Fra:1 | Sample 0/0"))
        self.assertIsNone(fraction_done("Saved: '/run/3-0.png'"))

    def test_causes(self):
        for line, code in (
            ("System is out of GPU memory", "OUT_OF_GPU_MEMORY"),
            ("terminate called after throwing an instance of 'std::bad_alloc'", "OUT_OF_MEMORY"),
            ("Error: Build without OpenImageDenoiser", "NO_DENOISER"),
            ("Unable to open a display", "NO_DISPLAY"),
            ("Error: Cannot render, no camera", "NO_CAMERA"),
            ("Error: No camera found in scene \"Scene\"", "NO_CAMERA"),
            ("CUDA error: Illegal address in cuCtxSynchronize()", "GPU_FAILED"),
            ("write: No space left on device", "DISK_FULL"),
            ("Error: Cannot find lib '//props/chair.blend'", "LIBRARY_MISSING"),
            ("Warning: LIB: Chair: Library '//props/chair.blend' not found", "LIBRARY_MISSING"),
            ("ModuleNotFoundError: the add-on 'rigify' is not installed", "ADDON_FAILED"),
            ("Error: File '/run/job.blend' is not a blend file", "FILE_UNREADABLE"),
            ("Error: Failed to read blend file '/run/job.blend', not enough memory or missing DNA block", "FILE_UNREADABLE"),
            ("EGL Error (0x3003): EGL_BAD_ALLOC", "NO_EGL"),
            ("blender: error while loading shared libraries: libEGL.so.1: cannot open shared object file", "NO_EGL"),
            ("Failed to create a headless OpenGL context", "NO_EGL"),
        ):
            fault = explain([line])
            self.assertEqual((fault.code, fault.hint), (code, HINTS[code]), line)
        self.assertIsNone(explain(["Fra:1 Mem:8.27M (Peak 8.27M) | Time:00:00.01 | Syncing Camera", "Blender quit"]))

    def test_every_fault_that_needs_action_has_a_hint(self):
        for code in FAULT_CODES - {"CANCELLED", "SLOT_LOST", "SLOT_FULL"}:
            hint = Fault(code, "something happened").to_message()["hint"]
            self.assertRegex(hint, DO, code)
        self.assertEqual(Fault("DISK_FULL", "no room", "Go away").hint, "Go away")

    def test_the_first_cause_wins(self):
        self.assertEqual(explain(["no space left on device", "std::bad_alloc"]).code, "DISK_FULL")

    def test_output_is_split_into_lines_of_limited_length(self):
        log = SlotLog(self.path)
        self.assertEqual(log.feed(b"one\ntw"), ["one"])
        self.assertEqual(log.feed(b"o\r\n\xff"), ["two"])
        self.assertEqual(len(log.feed(b"x" * 5000)[0]), 4096)
        for _ in range(500):
            log.feed(b"line\n")
        self.assertEqual(len(log.lines), 200)
        log.close()
        self.assertTrue(self.path.read_text("utf-8").startswith("one\ntwo\n"))


class Ends(unittest.TestCase):
    def test_exit_statuses(self):
        for end, options, code in (
            (SlotEnd(-11), {}, "CRASHED"),
            (SlotEnd(-9), {"oom_before": 1, "oom_after": 2}, "OUT_OF_MEMORY"),
            (SlotEnd(-9), {"oom_before": 1, "oom_after": 1}, "KILLED"),
            (SlotEnd(-9), {}, "OUT_OF_MEMORY"),
            (SlotEnd(1), {"first_eevee_frame": True}, "NO_EGL"),
            (SlotEnd(-15), {"first_eevee_frame": True}, "KILLED"),
            (SlotEnd(-1), {}, "KILLED"),
            (SlotEnd(-2), {}, "KILLED"),
            (SlotEnd(-6), {}, "CRASHED"),
            (SlotEnd(70), {}, "CRASHED"),
            (SlotEnd(None, "x", missing=True), {}, "BLENDER_MISSING"),
            (SlotEnd(None, "x"), {}, "CRASHED"),
        ):
            fault = explain_end(end, [], **options)
            self.assertEqual(fault.code, code, (end, options))
            self.assertEqual(fault.hint, HINTS[code])

    def test_on_windows_the_exit_status_shows_whether_a_process_was_killed(self):
        crash = ["Error   : EXCEPTION_ACCESS_VIOLATION", "Writing: C:\\Temp\\scene.crash.txt"]
        for status, lines, code in (
            (1, [], "KILLED"),
            (0xFFFFFFFF, [], "KILLED"),
            (0xC000013A, [], "KILLED"),
            (0x40010004, [], "KILLED"),
            (0xC0000005, [], "KILLED"),
            (0xC0000005, crash, "CRASHED"),
            (0xC0000017, [], "OUT_OF_MEMORY"),
            (0xC00000FD, [], "CRASHED"),
            (3, [], "CRASHED"),
            (70, [], "CRASHED"),
        ):
            fault = explain_end(SlotEnd(status), lines, platform="win32")
            self.assertEqual(fault.code, code, (hex(status), lines))
        self.assertIn("0xC00000FD", explain_end(SlotEnd(0xC00000FD), [], platform="win32").message)
        self.assertEqual(explain_end(SlotEnd(1), [], platform="linux").code, "CRASHED")

    def test_the_log_takes_precedence_over_the_status(self):
        self.assertEqual(explain_end(SlotEnd(-6), ["std::bad_alloc"]).code, "OUT_OF_MEMORY")


class Sizes(unittest.TestCase):
    def size(self, **changes):
        border = dict(border_min_x=0.0, border_max_x=1.0, border_min_y=0.0, border_max_y=1.0)
        plain = dict(resolution_x=1920, resolution_y=1080, resolution_percentage=100, use_border=False)
        render = SimpleNamespace(**{**plain, **border, "use_crop_to_border": False, "use_multiview": False, **changes})
        return rendered_size(SimpleNamespace(render=render))

    def test_percentage_rounds_down(self):
        self.assertEqual(self.size(resolution_percentage=33), (633, 356))

    def test_a_border_counts_only_if_it_crops(self):
        half = dict(use_border=True, border_max_x=0.5)
        self.assertEqual(self.size(**half), (1920, 1080))
        self.assertEqual(self.size(**half, use_crop_to_border=True), (960, 1080))

    def test_edges_are_computed_in_single_precision(self):
        third = struct.unpack("f", struct.pack("f", 0.7))[0]
        self.assertEqual(self.size(resolution_x=10, use_border=True, use_crop_to_border=True, border_max_x=third)[0], 7)
