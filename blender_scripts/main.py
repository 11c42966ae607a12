"""Makes this machine a render node: `blender -b -P main.py -- [options]` or `python3 main.py [options]`.

This file only puts the project's folders on sys.path and reports what is missing; `farm_node` does the work.
It uses syntax that old Pythons can parse, so that they show the message below instead of a SyntaxError.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENDOR = os.path.join(HERE, "vendor")


def fail(message):
    # type: (str) -> None
    sys.stderr.write("renderfarm node: " + message + "\n")
    sys.stderr.flush()
    sys.exit(2)


def foreign_python_hint():
    # type: () -> str
    """A distribution's Blender uses the library of the first Python on PATH, whether it fits or not."""
    if "bpy" not in sys.modules:
        return ""
    hint = "\nThis Blender uses the Python library in %s; start it with another PATH if that is not its own"
    return hint % sys.prefix


def arguments():
    # type: () -> list[str]
    """In Blender everything before `--` is for Blender; in plain Python all arguments are ours."""
    if "bpy" not in sys.modules or sys.argv[0] == __file__:
        return sys.argv[1:]
    return sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []


def drop_blenders_own_folder():
    # type: () -> None
    """Removes Blender's temporary folder. Blender removes it when it quits, but a killed node would leave it behind.

    The node's own Blender does not render, so it does not need the folder.
    """
    bpy = sys.modules.get("bpy")
    if bpy is None or not bpy.app.tempdir:
        return
    folder = os.path.normpath(bpy.app.tempdir)
    if not os.path.basename(folder).startswith("blender_"):
        exit_without_cleanup(folder)
    try:
        os.rmdir(folder)
    except OSError:
        pass  # it is not empty


def exit_without_cleanup(folder):
    # type: (str) -> None
    """Exits at once: a Blender that cannot make its own folder uses the parent, and up to 4.3 empties it on exit."""
    sys.stderr.write("renderfarm node: Cannot start: Blender cannot make its temporary folder in %s\n" % folder)
    sys.stderr.write("Free space there, or set TMPDIR (on Windows TEMP) to a folder that is writable\n")
    sys.stderr.flush()
    os._exit(2)


def start():
    # type: () -> None
    drop_blenders_own_folder()
    if sys.version_info < (3, 9):
        fail("Cannot run on Python %d.%d: 3.9 or newer is needed (Blender 2.93 or newer)" % sys.version_info[:2])
    sys.path[:0] = [VENDOR, HERE]
    try:
        import websockets.legacy.server  # noqa: F401
        import zeroconf.asyncio  # noqa: F401
    except ImportError as error:
        if os.path.isdir(os.path.join(VENDOR, "websockets")):
            fail("Cannot load its libraries: %s%s" % (error, foreign_python_hint()))
        fail("Cannot load its libraries (%s): run `npm run setup` in the checkout to fetch them" % error)
    from farm_node.program import main

    main(arguments())


if __name__ == "__main__":
    start()
