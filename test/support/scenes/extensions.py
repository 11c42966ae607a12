"""Extensions as a node's owner and a job use them: blender -b --factory-startup -P extensions.py -- ACT SCRIPTS NAME...

ACT is "make" (writes the extensions of this test), "own" (enables them as their owner does) or "job" (as a slot does). SCRIPTS is the
folder of the node's scripts. Extensions are where BLENDER_USER_EXTENSIONS says. Prints what there is afterwards. Blender 4.2 to 5.x.
"""

import os
import sys
import zipfile

import addon_utils
import bpy

ROOT = os.environ["BLENDER_USER_EXTENSIONS"]
MANIFEST = """schema_version = "1.0.0"
id = "{name}"
version = "1.0.0"
name = "{name}"
tagline = "For a test"
maintainer = "The tests"
type = "add-on"
blender_version_min = "{since}"
license = ["SPDX:GPL-3.0-or-later"]
{wheels}
"""


def make(name, since="4.2.0", package=None):
    folder = os.path.join(ROOT, "user_default", name)
    os.makedirs(os.path.join(folder, "wheels"))
    wheel = "wheels/%s-1.0-py3-none-any.whl" % package
    with open(os.path.join(folder, "blender_manifest.toml"), "w") as manifest:
        manifest.write(MANIFEST.format(name=name, since=since, wheels='wheels = ["./%s"]' % wheel if package else ""))
    with open(os.path.join(folder, "__init__.py"), "w") as module:
        module.write("%s\ndef register(): pass\ndef unregister(): pass\n" % ("import %s" % package if package else ""))
    if package:
        about = package + "-1.0.dist-info/"
        files = {
            package + "/__init__.py": "",
            about + "METADATA": "Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n" % package,
            about + "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        files[about + "RECORD"] = "".join("%s,,\n" % path for path in [*files, about + "RECORD"])
        with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)


def state():
    """Every file, with its time: nothing of the owner's may change."""
    paths = [os.path.join(place, name) for place, _, names in os.walk(ROOT) for name in names]
    return {path: os.stat(path).st_mtime_ns for path in paths if "__pycache__" not in path}


act, scripts, *names = sys.argv[sys.argv.index("--") + 1 :]
modules = ["bl_ext.user_default." + name for name in names]
before = state()
if act == "make":
    make("plain")
    make("packed", package="packed_wheel")
    make("future", since="99.0.0")
elif act == "own":
    for module in modules:
        assert addon_utils.enable(module, default_set=True) is not None, module
else:
    sys.path.insert(0, scripts)
    from farm_slot import addons
    from farm_slot.faults import SlotFault

    try:
        addons.enable(modules)
        print("enabled", [addon_utils.check(module)[1] for module in modules])
    except SlotFault as fault:
        print("failed", fault)
    print("same", state() == before)
