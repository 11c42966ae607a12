"""Limits failed handshakes: addresses that fail too often are blocked for a while. Pure."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from ..limits import BARRED_S, FAILURES_WITHIN_S, LINES_WITHIN_S, MAX_ADDRESSES, MAX_FAILURES, MAX_LINES


@dataclass
class _Record:
    failures: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_FAILURES))
    blocked_until: float = float("-inf")


class ConnectionLimits:
    """Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def is_blocked(self, address: str, now: float) -> bool:
        record = self._records.get(_source(address))
        return record is not None and now < record.blocked_until

    def failed(self, address: str, now: float) -> None:
        """A handshake has failed. After too many within a minute the address is blocked."""
        source = _source(address)
        record = self._records.setdefault(source, _Record())
        self._records.move_to_end(source)
        record.failures.append(now)
        if len(record.failures) == MAX_FAILURES and now - record.failures[0] <= FAILURES_WITHIN_S:
            record.blocked_until = now + BARRED_S
            record.failures.clear()
        while len(self._records) > MAX_ADDRESSES:
            self._records.popitem(last=False)

    def proved(self, address: str) -> None:
        """Somebody at this address knows the key, so earlier failures were mistakes."""
        self._records.pop(_source(address), None)


def _source(address: str) -> str:
    """A host in an IPv6 network has 2^64 addresses, which count as one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((int(ip), 64), strict=False).network_address)
    return str(ip)


class LineLimit:
    """Keeps unauthenticated connections from filling the log: passes the first lines of a minute, counts the rest."""

    def __init__(self) -> None:
        self._said: deque[float] = deque(maxlen=MAX_LINES)
        self._dropped = 0

    def pass_on(self, line: str, now: float) -> str:
        """The line to print, or "" if there are too many."""
        if len(self._said) == MAX_LINES and now - self._said[0] < LINES_WITHIN_S:
            self._dropped += 1
            return ""
        self._said.append(now)
        dropped, self._dropped = self._dropped, 0
        return f"{line} ({dropped} such lines were dropped before)" if dropped else line
