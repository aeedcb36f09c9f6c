"""Forwarding of a simulated bastion: direct-tcpip channels to loopback addresses, and to nowhere else."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading

import paramiko
from paramiko.common import (
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_CONNECT_FAILED,
    OPEN_SUCCEEDED,
)

from auditor.simulation.options import SSHOptions

_CONNECT_SECONDS = 5.0
_PIECE = 65_536


class Forwarding:
    """The forwarded channels of one connection."""

    def __init__(self, options: SSHOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._waiting: dict[int, socket.socket] = {}
        self._ends: list[socket.socket] = []

    def connect(self, channel: int, destination: tuple[str, int]) -> int:
        """Connect to the destination for a channel that is about to open; returns paramiko's verdict."""
        if not self._options.bastion:
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        address, port = self._options.forwards.get(destination, destination)
        if not _is_loopback(address):
            return OPEN_FAILED_CONNECT_FAILED
        try:
            end = socket.create_connection((address, port), timeout=_CONNECT_SECONDS)
        except OSError:
            return OPEN_FAILED_CONNECT_FAILED
        end.settimeout(None)
        with self._lock:
            self._waiting[channel] = end
            self._ends.append(end)
        return OPEN_SUCCEEDED

    def begin(self, channel: paramiko.Channel) -> None:
        """Carry bytes both ways, if this channel is a forwarded one."""
        with self._lock:
            end = self._waiting.pop(channel.get_id(), None)
        if end is not None:
            threading.Thread(target=_upwards, args=(channel, end), daemon=True).start()
            threading.Thread(target=_downwards, args=(end, channel), daemon=True).start()

    def end(self) -> None:
        """Close all connections."""
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _upwards(channel: paramiko.Channel, end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := channel.recv(_PIECE):
            end.sendall(piece)
        end.shutdown(socket.SHUT_WR)


def _downwards(end: socket.socket, channel: paramiko.Channel) -> None:
    with contextlib.suppress(OSError):
        while piece := end.recv(_PIECE):
            channel.sendall(piece)
    with contextlib.suppress(OSError, EOFError):
        channel.shutdown_write()
        channel.close()
