"""Waits for files that another program has open: on Windows, and elsewhere if the system reports them as busy."""

import errno
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from farm_slot import held_files
from farm_slot.held_files import is_held, remove_tree, while_held


class HeldFiles(unittest.TestCase):
    def setUp(self):
        manager = patch.object(held_files, "PAUSES_S", (0.001,) * 4)
        manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        self.tries = 0

    def held_for(self, times: int, code: int):
        def operation():
            self.tries += 1
            if self.tries <= times:
                raise OSError(code, "in use")
            return "done"

        return operation

    def test_it_is_repeated_until_the_file_is_closed(self):
        for code in (errno.EBUSY, errno.EACCES, errno.EPERM):
            self.tries = 0
            self.assertEqual(while_held(self.held_for(3, code), "win32"), "done")

    def test_a_file_that_stays_open_and_other_errors_are_raised(self):
        with self.assertRaises(PermissionError):
            while_held(self.held_for(99, errno.EACCES), "win32")
        self.assertEqual(self.tries, 5)
        for code, platform in ((errno.ENOSPC, "win32"), (errno.EACCES, "linux")):
            self.tries = 0
            with self.assertRaises(OSError):
                while_held(self.held_for(99, code), platform)
            self.assertEqual(self.tries, 1)
        self.assertEqual([is_held(OSError(errno.EBUSY, ""), "linux")], [True])

    def test_a_folder_is_removed_as_soon_as_the_process_in_it_has_left(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "run")
            path.mkdir()
            removals = []
            real = held_files.shutil.rmtree

            def as_windows(which, ignore_errors):
                removals.append(which)
                if len(removals) > 2:
                    real(which, ignore_errors=ignore_errors)

            with patch.object(held_files.sys, "platform", "win32"), patch.object(held_files.shutil, "rmtree", as_windows):
                remove_tree(path)
            self.assertFalse(path.exists())
