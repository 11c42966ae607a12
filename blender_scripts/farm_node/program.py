"""The node program, from its options to its exit status."""

from __future__ import annotations

import asyncio
import os
import traceback
from contextlib import AsyncExitStack
from typing import NoReturn, Optional, Sequence

from . import SOFTWARE_VERSION
from .awake import Awake
from .cache.blob_store import BlobStore
from .cache.cache_files import remove, remove_if_empty
from .cache.cache_folder import claim_cache
from .console import Console, say, warn
from .errors import StartError
from .identity import ID_FILE, LOCK_FILE, Identity, claim_identity
from .job.allowed import ALL_ADDONS, Allowed
from .limits import TIDY_EVERY_S
from .machine_id import machine_id
from .node import Node
from .options import DEFAULT_PORT, Options, parse_options
from .ready_file import write_ready_file
from .shutdown import Shutdown
from .slots.blender_program import BlenderProgram, find_blender
from .slots.run_folder import RunFolder, remove_stale
from .slots.slot_channel import SlotSwitchboard
from .wire.accepting import without_gone_peers
from .wire.advertise import Advertiser
from .wire.duplicates import Duplicates
from .wire.farm_key import OPEN_KEY, FarmKey, load_key
from .wire.listener import bind, listen
from .wire.server import NodeServer
from .wire.tls import Tls, load_tls


def main(arguments: Sequence[str]) -> NoReturn:
    """Ends this process: with 0 if it was told to stop, 2 if it cannot start with these options, 1 for a bug."""
    console = Console()
    try:
        status = _main(arguments)
    except SystemExit as ended:  # from the options' parser
        status = int(ended.code or 0)
    console.end(status)


def _main(arguments: Sequence[str]) -> int:
    options = parse_options(arguments)
    try:
        asyncio.run(_run(options))
    except StartError as error:
        say(str(error), error=True)
        if error.hint:
            say("  " + error.hint, error=True)
        return 2
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        if options.remove_config_dir:
            _remove_config(options)
    return 0


def _remove_config(options: Options) -> None:
    """Removes what this node has put there, except a key, and the folder if it is then empty."""
    folder = options.config_dir
    ours = [folder / ID_FILE, folder / LOCK_FILE]
    if options.ready_file is not None and options.ready_file.parent == folder:
        ours.append(options.ready_file)
    for file in ours:
        remove(file)
    remove_if_empty(folder)


async def _run(options: Options) -> None:
    """Whatever happens, everything that is started here is stopped in reverse order."""
    asyncio.get_running_loop().set_exception_handler(without_gone_peers)
    ending = Shutdown()
    ending.on_signals()
    if options.exit_with_stdin:
        ending.on_stdin_end()
    tls = load_tls(options.tls_cert, options.tls_key)
    program = await asyncio.to_thread(find_blender, options.blender)
    key = OPEN_KEY if options.open else _load_key(options)
    async with AsyncExitStack() as stack:
        # A folder that is removed at the end was made for this node, so it is not from a disk image.
        machine = "" if options.remove_config_dir else await asyncio.to_thread(machine_id)
        identity = claim_identity(options.config_dir, machine)
        stack.callback(identity.release)
        duplicates = Duplicates(identity.node_id, options.name, options.config_dir)
        store, run_folder = _storage(options, identity, stack)
        stack.callback(asyncio.create_task(keep_tidy(store), name="tidy").cancel)
        board = SlotSwitchboard()
        board.open()
        stack.callback(board.close)

        listener = listen(options.host, options.port)
        port = listener.getsockname()[1]
        advertiser = _advertiser(options, port, identity, program, key, tls, duplicates)
        on_state = advertiser.set_state if advertiser else lambda _state: None
        node = Node(
            *(identity, options.name, options.slots, program, store, board, run_folder.path, on_state, duplicates),
            awake=Awake(say, warn, options.allow_sleep),
            allowed=Allowed(options.allow_scripts, options.allow_addons),
        )
        server = NodeServer(key, identity.node_id, node.serve_link, tls)
        await server.open(listener, lambda: bind(options.host, port))
        stack.push_async_callback(_close, server, node, _start(advertiser))

        _greet(options, identity, program, key, port, tls)
        if options.ready_file:
            write_ready_file(options.ready_file, _facts(options, identity, program, key, port, tls))
        reason = await ending.wait()
        say(f"stopping ({reason})")


def _storage(options: Options, identity: Identity, stack: AsyncExitStack) -> tuple[BlobStore, RunFolder]:
    root = claim_cache(options.cache_dir)
    try:
        remove_stale(root)
        store = BlobStore(root, identity.node_id, options.cache_bytes)
        stack.callback(store.close, bool(identity.temporary_because))
        run_folder = RunFolder.create(root)
    except OSError as error:
        message = f"Cannot use the cache folder {root}: {error}"
        hint = "Name a folder that this user can write to, with --cache-dir or RENDERFARM_CACHE_DIR"
        raise StartError(message, hint) from error
    stack.callback(run_folder.remove)
    return store, run_folder


async def keep_tidy(store: BlobStore) -> None:
    """Runs until cancelled. A node may have no link for weeks."""
    while True:
        await asyncio.sleep(TIDY_EVERY_S)
        await asyncio.to_thread(store.tidy)


def _advertiser(
    options: Options,
    port: int,
    identity: Identity,
    program: BlenderProgram,
    key: FarmKey,
    tls: Optional[Tls],
    duplicates: Duplicates,
) -> Optional[Advertiser]:
    if not options.mdns:
        return None
    txt = {"name": options.name, "blender": program.version, "slots": str(options.slots), "key": key.key_id or ""}
    txt["tls"] = tls.announced if tls else ""
    return Advertiser(options.host, port, identity.node_id, identity.start, txt, duplicates)


def _start(advertiser: Optional[Advertiser]) -> Optional[asyncio.Task[None]]:
    return asyncio.create_task(advertiser.run(), name="mDNS") if advertiser else None


async def _close(server: NodeServer, node: Node, announcing: Optional[asyncio.Task[None]]) -> None:
    """Stops everything at the same time, within a second. Slots are stopped even if the network hangs."""
    if announcing is not None:
        announcing.cancel()
    endings = [node.close(), server.close(), *([announcing] if announcing else [])]
    await asyncio.gather(*endings, return_exceptions=True)
    await node.close()  # a job that a last message opened while the links were closing


def _facts(
    options: Options, identity: Identity, program: BlenderProgram, key: FarmKey, port: int, tls: Optional[Tls]
) -> dict[str, object]:
    return {
        "node": identity.node_id,
        "name": options.name,
        "host": options.host,
        "port": port,
        "keyId": key.key_id,
        "tls": tls.fingerprint.hex() if tls else None,
        "pid": os.getpid(),
        "blender": program.version,
        "slots": options.slots,
    }


def _greet(
    options: Options, identity: Identity, program: BlenderProgram, key: FarmKey, port: int, tls: Optional[Tls]
) -> None:
    slots = f"{options.slots} slot" + ("s" if options.slots > 1 else "")
    serves = f"serves on {options.host}:{port}" + (f", TLS {tls.announced}" if tls else "")
    say(f"node {options.name} ({identity.node_id[:8]}), Blender {program.version}, {slots}, {serves}")
    if key.key_id:
        say(f"  farm: key {key.key_id}")
        say("  to add a machine: `renderfarm node` there, `renderfarm invite` here (a node's terminal asks by itself)")
    else:
        say("  farm: none; this node is OPEN, and everyone on the network can render here")
    say(f"  renderfarm {SOFTWARE_VERSION}, cache {options.cache_dir}")
    if options.allow_scripts:
        say("scripts in blendfiles run here when a job asks for it (--allow-scripts)")
    if options.allow_addons:
        which = "all" if options.allow_addons == ALL_ADDONS else ", ".join(options.allow_addons)
        say(f"add-ons that are enabled here when a job asks for it: {which} (--allow-addons)")
    if options.port is None and port != DEFAULT_PORT:
        say(f"port {DEFAULT_PORT} is taken, so this node uses {port}")
    if identity.temporary_because:
        say(f"{identity.temporary_because}, so this node has an id for this run only")


def _load_key(options: Options) -> FarmKey:
    """A new key is shown at once, so that the person sees it even if something fails afterwards."""
    key = load_key(options.config_dir, options.key_file)
    if key.made_text:
        say(f"a new farm key was made and saved in {options.config_dir}:")
        say(f"    {key.made_text}")
        say("it belongs on every machine of the farm: `renderfarm key set` there, or RENDERFARM_KEY")
        say("`renderfarm key show --reveal` shows it again")
    return key
