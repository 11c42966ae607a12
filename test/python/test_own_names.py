"""The names that scenes give to their pictures: safe, and the same on every system."""

import random
import unittest

from farm_slot.files.portable_paths import is_portable_name
from farm_slot.output.own_names import are_suffixes, folder_of, safe_path, split


class OwnNames(unittest.TestCase):
    def test_folders_below_the_blendfile_are_kept_and_others_say_nothing(self) -> None:
        for path, folder in {
            "//passes/": "passes",
            "//passes\\deep\\": "passes/deep",
            "//": "",
            "": "",
            "/tmp/": "",
            "C:\\renders\\": "",
            "//../elsewhere/": "",
            "//a/../../b/": "",
            "//con/": "_con",
        }.items():
            self.assertEqual(folder_of(path), folder, path)

    def test_names_stay_inside_their_folder_and_are_possible_everywhere(self) -> None:
        for path, name in {
            "beauty": "beauty",
            "sub/depth": "sub/depth",
            "../../up": "up",
            "/etc/passwd": "etc/passwd",
            "C:\\x\\y": "C_/x/y",
            "a<b>|c": "a_b__c",
            "nul.exr": "_nul.exr",
            "dots. ./": "dots/",
            "": "",
            "img_####": "img_####",
            "x" * 300: "x" * 50,
            "conin$": "_conin$",
            "COM¹.exr": "_COM¹.exr",
            "aux .v2": "_aux .v2",
            "half \ud800 name": "half ? name".replace("?", "_"),
        }.items():
            self.assertEqual(safe_path(path), name, path)

    def test_whatever_comes_out_is_what_a_coordinator_accepts(self) -> None:
        dice = random.Random(7)
        letters = "ab.# /\\:<>|?*$1\x00\ud800\U0001f600é"
        words = ["con", "nul", "aux ", "com¹", "..", "conout$"]
        for _ in range(20_000):
            parts = [dice.choice(words) if dice.random() < 0.2 else dice.choice(letters) * dice.randint(1, 90) for _ in range(4)]
            safe = safe_path("".join(parts)).rstrip("/")
            if safe != "":
                self.assertTrue(all(is_portable_name(name) for name in safe.split("/")), ascii(parts))

    def test_the_file_of_a_multilayer_node_is_split_from_its_folder(self) -> None:
        self.assertEqual(split("//passes/beauty"), ("//passes/", "beauty"))
        self.assertEqual(split("//passes\\deep\\all_"), ("//passes/deep/", "all_"))
        self.assertEqual(split("//beauty"), ("//", "beauty"))
        self.assertEqual(split("beauty"), ("", "beauty"))
        self.assertEqual(split("//passes/"), ("//passes/", ""))

    def test_suffixes_of_views(self) -> None:
        self.assertTrue(are_suffixes(["_L", "_R"]))
        self.assertTrue(are_suffixes([""]))
        for wrong in (["_L", "_l"], ["\u00e9", "e\u0301"], ["/a"], ["..\\a"], ["a:b"], ["x" * 65], ["a\n"]):
            self.assertFalse(are_suffixes(wrong), wrong)


if __name__ == "__main__":
    unittest.main()
