"""Announces the node by mDNS on all its networks. A failure is only a warning: nodes can be named by address."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import socket
from typing import Optional

import ifaddr
from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from .. import PROTOCOL_VERSION
from ..console import warn
from .duplicates import DuplicateWatch, Duplicates

SERVICE_TYPE = "_renderfarm._tcp.local."
RECHECK_S = 15.0
GOODBYE_TIMEOUT_S = 0.8
MAX_LABEL_BYTES = 63


def service_id(node_id: str, addresses: list[str], port: int) -> str:
    """32 digits that are unique on the network and stay the same when the node is restarted.

    Cloned machines share a name and perhaps an id. If two responders have the same name, each one withholds its answers
    after it has received the other's.
    """
    return hashlib.sha256(" ".join((node_id, *addresses, str(port))).encode("ascii")).hexdigest()[:32]


def instance_label(name: str, service: str) -> str:
    """`<name>-<first 8 of service>`, without dots, because browsers cut names there, and within DNS's 63 bytes."""
    plain = "".join(" " if c == "." or not c.isprintable() else c for c in name)
    suffix = "-" + service[:8]
    cut = plain.encode("utf-8")[: MAX_LABEL_BYTES - len(suffix)].decode("utf-8", "ignore").strip()
    return (cut or "node") + suffix


def local_addresses(host: str) -> list[str]:
    """IPv4 addresses at which other machines can reach a server that is bound to `host`."""
    all_ips = (ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4)
    reachable = sorted({str(ip) for ip in all_ips if not ipaddress.ip_address(str(ip)).is_loopback})
    if host in ("0.0.0.0", "::", ""):
        return reachable
    return [address for address in reachable if address == socket.gethostbyname(host)]


class Advertiser:
    """`run` keeps the announcement up to date until it is cancelled, and then withdraws it.

    `duplicates` is called for other nodes that announce the same id with another `start`.
    """

    def __init__(
        self, host: str, port: int, node_id: str, start: str, txt: dict[str, str], duplicates: Duplicates
    ) -> None:
        self._host = host
        self._port = port
        self._node_id = node_id
        self._txt = dict(txt, v=str(PROTOCOL_VERSION), id=node_id, start=start, state="idle")
        self._watch = DuplicateWatch(SERVICE_TYPE, node_id, start, duplicates.report)
        self._changed = asyncio.Event()
        self._zeroconf: Optional[AsyncZeroconf] = None
        self._addresses: list[str] = []
        self._warned = ""

    def set_state(self, state: str) -> None:
        """"idle" or "busy"."""
        if self._txt["state"] != state:
            self._txt["state"] = state
            self._changed.set()

    async def run(self) -> None:
        try:
            while True:
                await self._refresh()
                try:
                    await asyncio.wait_for(self._changed.wait(), RECHECK_S)
                except asyncio.TimeoutError:
                    pass
        finally:
            await self._withdraw()

    async def _refresh(self) -> None:
        """Announces again if the machine's addresses have changed, and updates the TXT record if the state has."""
        changed = self._changed.is_set()
        self._changed.clear()
        try:
            addresses = local_addresses(self._host)
            if addresses != self._addresses or (self._zeroconf is None and addresses):
                await self._withdraw()
                self._addresses = addresses
                if addresses:
                    await self._announce(addresses)
            elif changed and self._zeroconf is not None:
                await self._zeroconf.async_update_service(self._info(addresses))
            if not addresses:
                self._warn_once(f"no network address to announce this node at {self._host} by mDNS")
        except Exception as error:  # an error of mDNS must not stop the node
            self._warn_once(f"cannot announce this node by mDNS ({error!r}); name it with --nodes")
            await self._withdraw()

    async def _announce(self, addresses: list[str]) -> None:
        self._zeroconf = AsyncZeroconf(interfaces=addresses, ip_version=IPVersion.V4Only)
        self._zeroconf.zeroconf.add_listener(self._watch, None)
        await (await self._zeroconf.async_register_service(self._info(addresses)))
        self._warned = ""

    async def _withdraw(self) -> None:
        """Withdraws the announcement, with a time limit: a dead network must not delay the node's shutdown."""
        zeroconf, self._zeroconf = self._zeroconf, None
        self._addresses = []
        if zeroconf is not None:
            try:
                await asyncio.wait_for(_unregister(zeroconf), GOODBYE_TIMEOUT_S)
            except Exception as error:
                self._warn_once(f"cannot withdraw the announcement by mDNS ({error!r})")

    def _info(self, addresses: list[str]) -> ServiceInfo:
        service = service_id(self._node_id, addresses, self._port)
        return ServiceInfo(
            SERVICE_TYPE,
            f"{instance_label(self._txt['name'], service)}.{SERVICE_TYPE}",
            port=self._port,
            properties={key: value.encode("utf-8")[:200] for key, value in self._txt.items()},
            server=f"{service}.local.",
            addresses=[socket.inet_aton(address) for address in addresses],
        )

    def _warn_once(self, text: str) -> None:
        if text != self._warned:
            self._warned = text
            warn(text)


async def _unregister(zeroconf: AsyncZeroconf) -> None:
    await zeroconf.async_unregister_all_services()
    await zeroconf.async_close()
