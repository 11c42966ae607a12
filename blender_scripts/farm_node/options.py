"""The node's command line."""

from __future__ import annotations

import argparse
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Optional, Sequence, Union

from . import SOFTWARE_VERSION
from .job.allowed import ALL_ADDONS
from .paths import cache_dir, config_dir
from .wire.listener import DEFAULT_PORT
from .wire.addons import are_addons
from .wire.protocol import MAX_SLOTS

DEFAULT_CACHE_GIB = 50.0
MAX_NAME = 64


@dataclass(frozen=True)
class Options:
    """`port` is None for the default port or the next free one. `cache_bytes` is the limit of the blob cache."""

    host: str
    port: Optional[int]
    name: str
    slots: int
    blender: Optional[str]
    cache_dir: Path
    config_dir: Path
    key_file: Optional[Path]
    open: bool
    mdns: bool
    ready_file: Optional[Path]
    exit_with_stdin: bool
    remove_config_dir: bool
    cache_bytes: int
    tls_cert: Optional[Path]
    tls_key: Optional[Path]
    allow_scripts: bool
    allow_addons: Union[str, tuple[str, ...]]
    """Names of add-ons, or ALL_ADDONS."""
    allow_sleep: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"renderfarm node: {message}\nTry --help\n")


def parse_options(arguments: Sequence[str]) -> Options:
    """Raises SystemExit: 2 for bad options, 0 after --help and --version."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if (given.tls_cert is None) != (given.tls_key is None):
        parser.error("--tls-cert and --tls-key go together: give both, or neither")
    if given.remove_config_dir and given.config_dir is None:
        parser.error("--remove-config-dir needs --config-dir: the default one is never removed")
    return Options(
        host=given.host,
        port=given.port,
        name=given.name if given.name is not None else default_name(),
        slots=given.slots,
        blender=given.blender or os.environ.get("BLENDER") or None,
        cache_dir=(given.cache_dir or cache_dir()).absolute(),
        config_dir=(given.config_dir or config_dir()).absolute(),
        key_file=given.key_file,
        open=given.open,
        mdns=given.mdns,
        ready_file=given.ready_file.absolute() if given.ready_file else None,
        exit_with_stdin=given.exit_with_stdin,
        remove_config_dir=given.remove_config_dir,
        cache_bytes=int(given.cache_size * 2**30),
        tls_cert=given.tls_cert,
        tls_key=given.tls_key,
        allow_scripts=given.allow_scripts,
        allow_addons=given.allow_addons,
        allow_sleep=given.allow_sleep,
    )


def default_name() -> str:
    return socket.gethostname().split(".")[0][:MAX_NAME] or "node"


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="main.py",
        description="Makes this machine a render node.",
        epilog="Run it as: blender -b -P main.py -- [options]   or: python3 main.py [options]",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", default="0.0.0.0", metavar="ADDRESS", help="address to listen on (default: all interfaces)")
    port = f"port, 0 for any free one (default: {DEFAULT_PORT} or the next free one)"
    add("--port", type=_port, metavar="N", help=port)
    add("--name", type=_name, help="name shown to people (default: the machine's name)")
    add("--slots", type=_slots, default=1, metavar="N", help="frames rendered at once, one Blender each (default: 1)")
    add("--blender", metavar="PROGRAM", help="Blender to render with (default: the one this runs in, $BLENDER or PATH)")
    cache = f"for blendfiles and running jobs, in a folder 'renderfarm' (default: {_shown(cache_dir())})"
    add("--cache-dir", type=Path, metavar="DIR", help=cache)
    size = "limit of the cache of received files (default: 50)"
    add("--cache-size", type=_gib, default=DEFAULT_CACHE_GIB, metavar="GIB", help=size)
    add("--config-dir", type=Path, metavar="DIR", help=f"farm key and node id (default: {_shown(config_dir())})")
    add("--key-file", type=Path, metavar="FILE", help="file with the farm key (default: $RENDERFARM_KEY or DIR/key)")
    add("--open", action="store_true", help="use no key: everyone on the network can render here")
    add("--tls-cert", type=Path, metavar="FILE", help="certificate (PEM): others must then connect by TLS")
    add("--tls-key", type=Path, metavar="FILE", help="private key of --tls-cert (PEM, without a passphrase)")
    scripts = "run scripts in blendfiles for jobs that ask for it: they can do anything that you can"
    add("--allow-scripts", action="store_true", help=scripts)
    addons = "add-ons that this machine has, separated by commas, or 'all': enable them for jobs that ask for it"
    add("--allow-addons", type=_addons, default=(), metavar="NAMES", help=addons)
    add("--allow-sleep", action="store_true", help="let this machine sleep while it has a job")
    add("--no-mdns", action="store_false", dest="mdns", help="do not announce this node on the network")
    add("--ready-file", type=Path, metavar="FILE", help="write address and id there as JSON once the node is ready")
    add("--exit-with-stdin", action="store_true", help="stop when standard input ends")
    # For an embedded node, which lives for one job.
    add("--remove-config-dir", action="store_true", help=argparse.SUPPRESS)
    add("--version", action="version", version=f"renderfarm node {SOFTWARE_VERSION}")
    return parser


def _shown(folder: Path) -> str:
    """Escapes %, which has a meaning in argparse's texts."""
    return str(folder).replace("%", "%%")


def _port(text: str) -> int:
    return _number(text, 0, 65535)


def _slots(text: str) -> int:
    return _number(text, 1, MAX_SLOTS)


def _number(text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise argparse.ArgumentTypeError(f"a number from {low} to {high} is needed: {text!r}")
    return int(text)


def _gib(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1e6:
        raise argparse.ArgumentTypeError(f"a number of GiB above 0 is needed: {text!r}")
    return value


def _addons(text: str) -> Union[str, tuple[str, ...]]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if names == (ALL_ADDONS,):
        return ALL_ADDONS
    if not are_addons(list(names)):
        shown = "names of add-ons are needed, as Blender's preferences show them for their files, or 'all'"
        raise argparse.ArgumentTypeError(f"{shown}: {text!r}")
    if ALL_ADDONS in names:
        raise argparse.ArgumentTypeError(f"give 'all' alone, or only names: {text!r}")
    return names


def _name(text: str) -> str:
    if not text.strip() or len(text) > MAX_NAME or not text.isprintable():
        raise argparse.ArgumentTypeError(f"a name has 1 to {MAX_NAME} printable characters: {text!r}")
    return text.strip()
