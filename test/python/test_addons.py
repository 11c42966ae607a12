"""Add-ons that a job asks for, and engines that no add-on brings: a node with the real Blender."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from farm_node.errors import FaultError
from farm_node.job.allowed import ALL_ADDONS, Allowed
from farm_node.options import parse_options

from .support.node import BLENDER
from .support.real_node import RealNodeCase, run_blender

SUPPORT = Path(__file__).resolve().parents[1] / "support"
USER_SCRIPTS = {"BLENDER_USER_SCRIPTS": str(SUPPORT / "user-scripts")}


class WhatTheOwnerAllows(unittest.TestCase):
    def test_nothing_unless_it_is_named(self):
        self.assertEqual(parse_options([]).allow_addons, ())
        self.assertEqual(parse_options(["--allow-addons", "all"]).allow_addons, ALL_ADDONS)
        options = parse_options(["--allow-addons", "lux, bl_ext.user_default.sky,lux,blender-osm"])
        self.assertEqual(options.allow_addons, ("lux", "bl_ext.user_default.sky", "blender-osm"))

    def test_names_that_no_add_on_has_are_mistakes(self):
        for text in ("", "a,,b", "../a", "a b", "a;b", "a.", "all,../a", "ä", "a" * 257, ",".join(f"a{n}" for n in range(65))):
            with self.subTest(text), contextlib.redirect_stderr(io.StringIO()) as said:
                with self.assertRaises(SystemExit) as ended:
                    parse_options(["--allow-addons", text])
                self.assertEqual(ended.exception.code, 2)
                self.assertIn("--allow-addons", said.getvalue())

    def test_all_goes_alone(self):
        for text in ("all,lux", "lux, all"):
            with self.subTest(text), contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit):
                parse_options(["--allow-addons", text])
            self.assertIn("give 'all' alone, or only names", said.getvalue())

    def test_a_job_gets_what_is_allowed_and_nothing_else(self):
        Allowed().require([])
        Allowed(addons=("lux", "sky")).require(["sky"])
        Allowed(addons=ALL_ADDONS).require(["anything"])
        for allowed in (Allowed(), Allowed(scripts=True), Allowed(addons=("sky",)), Allowed(addons=("lux.more",))):
            with self.subTest(allowed), self.assertRaises(FaultError) as refused:
                allowed.require(["sky", "lux"] if "sky" in allowed.addons else ["lux"])
            self.assertEqual(refused.exception.fault.code, "ADDON_FAILED")
            self.assertIn("--allow-addons lux", refused.exception.fault.message)


@unittest.skipIf(BLENDER is None, "no `blender` on PATH: add-ons are not tested with a real one")
class WithBlender(RealNodeCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="renderfarm-scenes-")
        cls.addClassCleanup(folder.cleanup)
        cls.scenes = Path(folder.name)
        run_blender(SUPPORT / "scenes/by_addon.py", folder.name)

    async def failure(self, name, *options, **asks) -> tuple:
        """Returns code and message of the error with which the load fails."""
        error = await self.error_of(name, *options, **asks)
        return error["code"], error["message"]

    async def error_of(self, name, *options, **asks) -> dict:
        node = self.start(*options, env=USER_SCRIPTS)
        coordinator, _ = await self.open(node)
        await self.load(coordinator, name, **asks)
        error = (await coordinator.expect("job-load-failed"))["error"]
        self.assertNotIn("job-loaded", [message["type"] for message in coordinator.seen])
        return error

    async def test_an_engine_that_is_missing_is_an_error_that_names_it(self):
        missing = "is rendered by 'FLAT_ENGINE', an engine that this Blender does not have"
        self.assertEqual(await self.failure("main"), ("ENGINE_MISSING", f"The scene 'Scene' {missing}"))
        self.assertEqual(await self.failure("strip"), ("ENGINE_MISSING", f"The scene 'Flat' {missing}"))
        self.assertEqual(await self.failure("node"), ("ENGINE_MISSING", f"The scene 'Flat' {missing}"))

    async def test_the_hint_does_not_name_a_flag_that_changes_another_scene(self):
        self.assertIn("Or render with another engine: --engine cycles", (await self.error_of("main"))["hint"])
        hint = (await self.error_of("strip"))["hint"]
        self.assertIn("Or choose another engine for the scene 'Flat' in Blender", hint)

    def test_only_scenes_that_are_shown_are_rendered(self):
        with tempfile.TemporaryDirectory() as folder:
            run_blender(SUPPORT / "scenes/missing_engines.py", str(SUPPORT.parents[1] / "blender_scripts"), folder)

    async def test_scenes_that_it_does_not_render_may_have_any_engine(self):
        for name in ("beside", "sequencer", "eevee"):
            node = self.start()
            coordinator, _ = await self.open(node)
            with self.subTest(name):
                await self.ready(coordinator, name)
            await node.stop()

    async def test_an_add_on_that_the_owner_does_not_allow_is_refused(self):
        for options in ((), ("--allow-scripts",), ("--allow-addons", "other")):
            code, message = await self.failure("main", *options, addons=["flat_engine"])
            self.assertEqual((code, message), ("ADDON_FAILED", "This node was not started with --allow-addons flat_engine"))

    async def test_an_add_on_that_is_missing_or_broken_is_an_error_with_the_reason(self):
        code, message = await self.failure("main", "--allow-addons", "all", addons=["os"])
        self.assertEqual((code, message), ("ADDON_FAILED", "This Blender has no add-on 'os'"))
        code, message = await self.failure("main", "--allow-addons", "all", addons=["flat_engine", "broken_addon"])
        reason = "RuntimeError: no licence was found"
        self.assertEqual((code, message), ("ADDON_FAILED", f"The add-on 'broken_addon' cannot be enabled: {reason}"))

    async def test_an_allowed_add_on_renders_and_no_process_is_kept_for_it(self):
        node = self.start("--allow-addons", "flat_engine", env=USER_SCRIPTS)
        coordinator = await node.coordinator()
        self.assertEqual((await coordinator.expect("node-info"))["addons"], ["flat_engine"])
        await coordinator.close()
        coordinator, _ = await self.open(node)
        scene = await self.ready(coordinator, "main", addons=["flat_engine"])
        self.assertEqual(scene["scenes"][0]["engine"], "FLAT_ENGINE")
        self.assertEqual(scene["reuse"], {"way": "reopened", "why": "nobody has screened the add-on flat_engine"})
        for frame in (1, 2):
            await coordinator.send("frame-assign", slot=0, frame=frame, attempt=0)
            await coordinator.expect("frame-rendered")
        # A Blender beside the slots enables it too.
        await coordinator.send("order-check", number=9, frames=[2])
        self.assertIsNone((await coordinator.expect("order-checked"))["error"])
        await node.stop()
        self.assertIn("add-ons that are enabled here when a job asks for it: flat_engine", node.said())


if __name__ == "__main__":
    unittest.main()
