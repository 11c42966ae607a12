"""Replaces Blender in a slot: a program that talks to its supervisor, and behaves in each of its runs as planned.

`install` puts it into a folder. Each line of `plan` there is for one run, the last line for all later ones. The process
id of each run is appended to `lives`.

    mute      stops before its first message
    frozen    stops when it is told to load, or to bake
    loads     opens the file and waits
    mixes     opens the file, and writes a sound when it is told to mix, unless there is one
    mixes-slowly    the same, but reports its steps for a second before
    stalls    bakes a part, and stops
    dies      opens the file and ends by itself
    naps      opens the file, and stops when it is told to render
    fragile   opens the file and ends by itself when it is told to render
    broken    ends by itself when it is told to load
    refuses   cannot open the file, and stops
    garbles   writes other bytes into the file, and cannot open it
    spoils    opens the file, writes other bytes into it, and ends by itself
    links     opens the file, puts a link in its place, and ends by itself
    raises    opens the file, fails to render a frame, and reports every later frame as rendered
    empty     opens the file, and reports every frame as rendered, without a file
    locked    the same, with an unreadable file

If the FIFO `gate` exists, the last three finish a frame only after somebody opens it. Frames that they are told to
render after a failure are listed in `after-failure`.

The file that it opens uses another one, `texture` in the same folder, if that exists.
"""

import hashlib
import json
import os
import signal
import socket
import stat
import sys
import time
from pathlib import Path
from typing import Callable, TextIO


def install(folder: Path, *plan: str) -> str:
    """Returns the program's path."""
    (folder / "plan").write_text("\n".join(plan))
    program = folder / "blender"
    program.write_text(f"#!{sys.executable} -BS\n" + Path(__file__).read_text("utf-8"))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def lives_of(folder: Path) -> list:
    """The process ids so far."""
    try:
        return [int(line) for line in (folder / "lives").read_text().split()]
    except FileNotFoundError:
        return []


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _overwrite(file: Path) -> None:
    """Writes in place, as a script in a blendfile could."""
    file.chmod(0o600)
    with open(file, "r+b") as stream:
        stream.write(b"x" * file.stat().st_size)


def _live(folder: Path) -> None:
    with open(folder / "lives", "a") as lives:
        lives.write(f"{os.getpid()}\n")
    plan = (folder / "plan").read_text().split()
    behaviour = plan[min(len(lives_of(folder)), len(plan)) - 1]
    if behaviour == "mute":
        os.kill(os.getpid(), signal.SIGSTOP)
    line = socket.create_connection(("127.0.0.1", int(os.environ["RENDERFARM_SLOT_PORT"])))
    commands = line.makefile("r")

    def tell(**event: object) -> None:
        line.sendall(json.dumps(event).encode() + b"\n")

    tell(token=os.environ["RENDERFARM_SLOT_TOKEN"])
    command = json.loads(commands.readline())
    if behaviour == "stalls":
        tell(event="baking", share=0.1)
        os.kill(os.getpid(), signal.SIGSTOP)
    if behaviour == "frozen":
        os.kill(os.getpid(), signal.SIGSTOP)
    assert command["do"] == "load"
    blend = Path(command["blend"])
    if behaviour == "garbles":
        _overwrite(blend)
    if behaviour in ("refuses", "garbles"):
        tell(event="load-failed", code="FILE_UNREADABLE", message="No")
        os.kill(os.getpid(), signal.SIGSTOP)
    if behaviour == "broken":
        return
    texture = folder / "texture"
    files = hashlib.sha256(texture.read_bytes()).hexdigest() if texture.exists() else None
    used = [["//texture", str(texture), None, files]] if files else []
    scene = {"device": "CPU", "scene": "Scene", "scenes": [{"name": "Scene", "frameStart": 1, "frameEnd": 9, "engine": ""}], "references": [], "files": files}
    expected = {"width": 1, "height": 1, "depth": 8, "colorMode": "RGB"}
    stock = {"references": [["//texture", str(texture)]], "files": used}
    tell(event="loaded", scene=scene, stock=stock, expected=expected, warnings=[])
    if behaviour == "spoils":
        _overwrite(blend)
    if behaviour == "links":
        os.unlink(blend)
        os.symlink("/etc/passwd", blend)
    if behaviour in ("raises", "empty", "locked"):
        _fail(folder, behaviour, commands, tell)
    if behaviour in ("mixes", "mixes-slowly"):
        told = json.loads(commands.readline())
        for _ in range(10 if behaviour == "mixes-slowly" else 0):
            tell(event="steps", frame=1, steps=1)
            time.sleep(0.1)
        with open(told["path"], "xb") as file:
            file.write(b"sound")
        tell(event="mixed")
    if behaviour not in ("dies", "spoils", "links"):
        commands.readline()  # a request for a frame, or the end
    if behaviour == "naps":
        os.kill(os.getpid(), signal.SIGSTOP)
    if behaviour == "loads":
        commands.readline()


def _fail(folder: Path, behaviour: str, commands: TextIO, tell: Callable[..., None]) -> None:
    has_failed = False
    for line in commands:
        command = json.loads(line)
        if command["do"] == "quit":
            break
        if has_failed:
            with open(folder / "after-failure", "a") as told:
                told.write(f"{command['frame']}\n")
        if (folder / "gate").exists():
            (folder / "gate").read_bytes()
        if behaviour == "locked":
            os.mkdir(command["path"])
        if behaviour == "raises" and not has_failed:
            print("Build without OpenImageDenoiser", flush=True)
            tell(event="render-failed", code=None, message="Error: Build without OpenImageDenoiser")
        else:
            tell(event="rendered", frame=command["frame"], seconds=1.0)
        has_failed = True


if __name__ == "__main__":
    _live(Path(__file__).parent)
