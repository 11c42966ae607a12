"""Who may knock how often: addresses that fail the handshake again and again are kept out for a while. Pure."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from ..limits import BARRED_S, FAILURES_WITHIN_S, LINES_WITHIN_S, MAX_ADDRESSES, MAX_FAILURES, MAX_LINES


@dataclass
class _Record:
    failures: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_FAILURES))
    barred_until: float = float("-inf")


class ConnectionLimits:
    """Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def is_barred(self, address: str, now: float) -> bool:
        record = self._records.get(_source(address))
        return record is not None and now < record.barred_until

    def failed(self, address: str, now: float) -> None:
        """A handshake came to nothing. The last one that is tolerated bars the address."""
        source = _source(address)
        record = self._records.setdefault(source, _Record())
        self._records.move_to_end(source)
        record.failures.append(now)
        if len(record.failures) == MAX_FAILURES and now - record.failures[0] <= FAILURES_WITHIN_S:
            record.barred_until = now + BARRED_S
            record.failures.clear()
        while len(self._records) > MAX_ADDRESSES:
            self._records.popitem(last=False)

    def proved(self, address: str) -> None:
        """Somebody there knows the key: what failed before was a mistake."""
        self._records.pop(_source(address), None)


def _source(address: str) -> str:
    """One host of an IPv6 network has 2^64 addresses: they count as one."""
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
    """Keeps strangers from filling the log: of many lines in a minute, the first few and how many were left out."""

    def __init__(self) -> None:
        self._said: deque[float] = deque(maxlen=MAX_LINES)
        self._left_out = 0

    def pass_on(self, line: str, now: float) -> str:
        """The line to print, or "" when it is one too many."""
        if len(self._said) == MAX_LINES and now - self._said[0] < LINES_WITHIN_S:
            self._left_out += 1
            return ""
        self._said.append(now)
        left_out, self._left_out = self._left_out, 0
        return f"{line} ({left_out} such lines were left out before)" if left_out else line
