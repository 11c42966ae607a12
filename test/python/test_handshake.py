"""The handshake and the seal, against vectors that were computed independently, and against attacks."""

import json
import unittest
from pathlib import Path

from farm_node.errors import ProtocolError
from farm_node.wire.farm_key import OPEN_KEY, FarmKey, key_id, parse_key
from farm_node.wire.handshake import NodeHandshake, proof, transcript
from farm_node.wire.protocol import encode_piece, parse_piece
from farm_node.wire.seal import TO_COORDINATOR, Opener, Sealer

VECTORS = json.loads((Path(__file__).parents[1] / "fixtures/protocol/handshake.json").read_text("utf-8"))
FIRST = VECTORS["handshakes"][0]
KEY = FarmKey(bytes.fromhex(FIRST["keyHex"]), "c31209dd")


def hello(nonce: str = FIRST["coordinatorNonce"], protocol: int = 1) -> dict:
    return {"type": "hello", "protocol": protocol, "nonce": nonce}


def node(key: FarmKey = KEY, nonce: str = FIRST["nodeNonce"]) -> NodeHandshake:
    return NodeHandshake(key, FIRST["nodeId"], bytes.fromhex(nonce))


class Vectors(unittest.TestCase):
    def test_keys_are_read_in_every_form(self):
        for key in VECTORS["keys"]:
            self.assertEqual(parse_key(key["text"]).hex(), key["hex"])
            self.assertEqual(key_id(parse_key(key["text"])), key["keyId"])

    def test_an_invalid_key_is_refused_without_repeating_it(self):
        for text in VECTORS["invalidKeys"]:
            with self.assertRaises(ValueError) as raised:
                parse_key(text)
            if text:
                self.assertNotIn(text, str(raised.exception))

    def test_a_key_that_repeats_a_few_letters_is_refused_without_repeating_it(self):
        self.assertGreater(len(VECTORS["weakKeys"]), 5)
        for text in VECTORS["weakKeys"]:
            with self.assertRaisesRegex(ValueError, "repeats its first letters") as raised:
                parse_key(text)
            self.assertNotIn(text, str(raised.exception))

    def test_transcript_and_proofs(self):
        for vector in VECTORS["handshakes"]:
            key, nonces = bytes.fromhex(vector["keyHex"]), (vector["coordinatorNonce"], vector["nodeNonce"])
            tls = bytes.fromhex(vector["tlsFingerprint"])
            agreed = transcript(vector["nodeId"], *map(bytes.fromhex, nonces), tls)
            self.assertEqual(agreed.hex(), vector["transcript"])
            self.assertEqual(proof(key, "coordinator", agreed).hex(), vector["coordinatorProof"])
            self.assertEqual(proof(key, "node", agreed).hex(), vector["nodeProof"])
            self.assertEqual(proof(key, "session", agreed).hex(), vector["sessionKey"])

    def test_sealed_messages(self):
        for direction, messages in FIRST["sealed"].items():
            sealer = Sealer(bytes.fromhex(FIRST["sessionKey"]), direction)
            opener = Opener(bytes.fromhex(FIRST["sessionKey"]), direction)
            for message in messages:
                self.assertEqual(sealer.seal(message["json"]), message["text"])
                self.assertEqual(opener.open(message["text"]), message["json"])

    def test_refused_sealed_messages(self):
        for case in VECTORS["refusedSealed"]:
            opener = Opener(bytes.fromhex(FIRST["sessionKey"]), case["direction"])
            for message in FIRST["sealed"][case["direction"]][: case["counter"]]:
                opener.open(message["text"])
            with self.subTest(case["why"]), self.assertRaises(ProtocolError) as raised:
                opener.open(case["text"])
            self.assertFalse(raised.exception.reply)
            self.assertEqual(raised.exception.close_code, 1008)

    def test_pieces(self):
        for case in VECTORS["pieces"]:
            data = bytes.fromhex(case["dataHex"])
            self.assertEqual(encode_piece(case["transfer"], case["offset"], data).hex(), case["messageHex"])
            self.assertEqual(parse_piece(bytes.fromhex(case["messageHex"])), (case["transfer"], case["offset"], data))
        for refused in VECTORS["refusedPieces"]:
            with self.assertRaises(ProtocolError):
                parse_piece(bytes.fromhex(refused))


class Attacks(unittest.TestCase):
    def test_the_right_key_is_welcome(self):
        handshake = node()
        challenge = handshake.on_hello(hello())
        self.assertEqual((challenge["nonce"], challenge["keyId"]), (FIRST["nodeNonce"], KEY.key_id))
        welcome = handshake.on_prove({"proof": FIRST["coordinatorProof"]})
        self.assertEqual(welcome["proof"], FIRST["nodeProof"])
        self.assertEqual(handshake.session_key.hex(), FIRST["sessionKey"])

    def test_a_wrong_key_learns_nothing(self):
        handshake = node(FarmKey(bytes(20), "00000000"))
        handshake.on_hello(hello())
        self.assert_refused(handshake, FIRST["coordinatorProof"])

    def test_a_recorded_proof_is_worthless_on_another_link(self):
        handshake = NodeHandshake(KEY, FIRST["nodeId"])
        handshake.on_hello(hello())
        self.assert_refused(handshake, FIRST["coordinatorProof"])

    def test_the_nodes_own_proof_sent_back_is_refused(self):
        handshake = node()
        handshake.on_hello(hello())
        self.assert_refused(handshake, FIRST["nodeProof"])

    def test_the_nodes_nonce_sent_back_gives_no_useful_proof(self):
        handshake = node()
        handshake.on_hello(hello(nonce=FIRST["nodeNonce"]))
        self.assert_refused(handshake, FIRST["nodeProof"])

    def test_the_empty_key_is_refused_by_a_node_with_a_key(self):
        agreed = bytes.fromhex(FIRST["transcript"])
        handshake = node()
        handshake.on_hello(hello())
        self.assert_refused(handshake, proof(b"", "coordinator", agreed).hex())

    def test_an_open_node_says_so(self):
        self.assertIsNone(node(OPEN_KEY).on_hello(hello())["keyId"])

    def test_another_protocol_version_is_named(self):
        with self.assertRaises(ProtocolError) as raised:
            node().on_hello(hello(protocol=2))
        self.assertEqual(raised.exception.code, "PROTOCOL_VERSION")

    def test_every_link_has_a_new_nonce(self):
        nonces = {NodeHandshake(KEY, FIRST["nodeId"]).on_hello(hello())["nonce"] for _ in range(20)}
        self.assertEqual(len(nonces), 20)

    def test_a_sealed_message_cannot_be_sent_back(self):
        key = bytes.fromhex(FIRST["sessionKey"])
        with self.assertRaises(ProtocolError):
            Opener(key, "to-node").open(Sealer(key, TO_COORDINATOR).seal("{}"))

    def test_the_key_is_not_in_its_repr(self):
        self.assertNotIn("\\x", repr(KEY))

    def assert_refused(self, handshake: NodeHandshake, given: str) -> None:
        with self.assertRaises(ProtocolError) as raised:
            handshake.on_prove({"proof": given})
        self.assertEqual((raised.exception.code, raised.exception.close_code), ("WRONG_KEY", 1008))
        self.assertEqual(handshake.session_key, b"")
