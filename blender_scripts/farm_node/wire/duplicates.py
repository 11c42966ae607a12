"""Notices other nodes with this node's id: copies of a disk image with its machine id, or of a config folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable

from zeroconf import DNSText, RecordUpdate, RecordUpdateListener, ServiceInfo, Zeroconf

from ..console import warn
from ..identity import ID_FILE
from ..limits import MAX_DUPLICATES

MAX_NAME = 64
START = re.compile(rb"[0-9a-f]{16}")


class Duplicates:
    """Reports on the console which nodes have this node's id, each name and address once."""

    def __init__(self, node_id: str, name: str, config: Path) -> None:
        self._node_id = node_id
        self._name = name
        self._config = config
        self._reported: set[str] = set()

    def report(self, name: str, address: str) -> None:
        other = f"{name[:MAX_NAME]} at {address}"
        if other in self._reported or len(self._reported) >= MAX_DUPLICATES:
            return
        self._reported.add(other)
        warn(
            f"another node has the id of this one ({self._name}, {self._node_id[:8]}): {other}. A job uses only one of "
            f"them. On one of the two machines stop the node, delete {self._config / ID_FILE} and start it again"
        )


class DuplicateWatch(RecordUpdateListener):
    """Listens to everything that is announced on the network, and sends no queries.

    An announcement means that the other node is alive: earlier starts of this node have ended and announce nothing.
    """

    def __init__(self, service_type: str, node_id: str, start: str, report: Callable[[str, str], None]) -> None:
        self._type = service_type
        self._mark = f"id={node_id}".encode("ascii")
        self._start = start.encode("ascii")
        self._report = report
        self._seen: dict[str, Zeroconf] = {}

    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:
        for record, _ in records:
            if isinstance(record, DNSText) and self._mark in record.text and not record.is_expired(now):
                self._seen[record.name] = zc

    def async_update_records_complete(self) -> None:
        seen, self._seen = self._seen, {}
        for name, zc in seen.items():
            try:
                self._check(name, zc)
            except Exception:  # anybody may have sent it, and it only matters for a line on the console
                continue

    def _check(self, name: str, zc: Zeroconf) -> None:
        info = ServiceInfo(self._type, name)
        if not info.load_from_cache(zc):
            return
        start, addresses = info.properties.get(b"start"), info.parsed_addresses()
        if not START.fullmatch(start or b"") or start == self._start or not addresses:
            return
        self._report((info.properties.get(b"name") or b"").decode("utf-8", "replace"), f"{addresses[0]}:{info.port}")
