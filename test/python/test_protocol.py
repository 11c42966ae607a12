"""The golden messages, and hostile ones."""

import json
import unittest
from pathlib import Path
from unittest.mock import patch

from farm_node.errors import FAULT_CODES, Fault, ProtocolError
from farm_node.wire.message_size import fit_job_loaded, fit_job_opened
from farm_node.wire.protocol import HANDSHAKE_MESSAGES, MAX_TEXT, MESSAGES, encode_message, parse_message

FOLDER = Path(__file__).parents[1] / "fixtures/protocol"
FIXTURES = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}


class Golden(unittest.TestCase):
    def check(self, direction: str, known: dict) -> None:
        read = set()
        for name, fixture in FIXTURES.items():
            if fixture["direction"] not in (direction, "both" if direction == "to-node" else direction):
                continue
            read.add(name)
            for message in fixture["valid"]:
                with self.subTest(name, message=message):
                    self.assertLessEqual(parse_message(json.dumps(message), known).items(), message.items())
            for message in fixture["invalid"]:
                with self.subTest(name, invalid=message), self.assertRaises(ProtocolError):
                    parse_message(json.dumps(message), known)
        self.assertLessEqual(set(known), read, "every message has its golden file")

    def test_messages_to_the_node(self):
        self.check("to-node", MESSAGES)

    def test_handshake_messages(self):
        self.check("handshake-to-node", HANDSHAKE_MESSAGES)

    def test_fault_codes_are_those_of_the_golden_file(self):
        codes = {message["error"]["code"] for message in FIXTURES["frame-failed"]["valid"]}
        self.assertEqual(codes, FAULT_CODES)

    def test_faults_have_the_golden_shape(self):
        golden = FIXTURES["frame-failed"]["valid"][0]["error"]
        self.assertEqual(Fault("CRASHED", "").to_message().keys(), golden.keys())


class Malice(unittest.TestCase):
    def refused(self, text: str) -> None:
        with self.subTest(text[:60]), self.assertRaises(ProtocolError):
            parse_message(text, MESSAGES)

    def test_invalid_messages_are_refused(self):
        for text in ("", "{", "[]", "null", '"heartbeat"', "NaN", '{"type":NaN}', '{"type":["heartbeat"]}', '{"type":{}}'):
            self.refused(text)

    def test_deep_nesting_and_long_numbers_are_refused_quickly(self):
        self.refused("[" * 500_000)
        self.refused('{"type":"heartbeat","x":' + "9" * 500_000 + "}")

    def test_nesting_too_deep_for_python_is_refused_anywhere(self):
        deep = []
        for _ in range(100_000):
            deep = [deep]
        for message in ({"type": deep}, {"type": {"x": deep}}, {"type": "frame-withdraw", "frame": deep, "attempt": 0}):
            with patch("farm_node.wire.protocol.json.loads", lambda *_, **__: message):  # some Pythons read any depth
                self.refused("{}")

    def test_true_is_not_a_number(self):
        self.refused('{"type":"frame-withdraw","frame":true,"attempt":0}')
        self.refused('{"type":"frame-withdraw","frame":1.0,"attempt":0}')

    def test_a_damaged_name_is_sent_in_valid_utf8(self):
        self.assertEqual(json.loads(encode_message({"name": "a\ud800b"}))["name"], "a?b")

    def test_a_description_that_is_too_long_keeps_missing_files(self):
        references = [{"kind": "image", "path": "x" * 4000, "missing": index < 3} for index in range(2000)]
        fitted = fit_job_loaded({"type": "job-loaded", "scene": {"references": references}})
        self.assertLessEqual(len(encode_message(fitted)), MAX_TEXT)
        self.assertEqual(sum(each["missing"] for each in fitted["scene"]["references"]), 3)

    def test_a_job_with_more_results_than_fit_into_a_message_can_be_continued(self):
        for text, most in (("", 4096), ("x" * 240, 4095)):
            held = [{"frame": frame, "attempt": 0, "device": text} for frame in range(10_000)]
            fitted = fit_job_opened({"type": "job-opened", "results": list(held)})
            self.assertLessEqual(len(encode_message(fitted)), MAX_TEXT)
            self.assertGreater(len(fitted["results"]), 2000)
            self.assertLessEqual(len(fitted["results"]), most)
            self.assertEqual(fitted["results"], held[: len(fitted["results"])])
