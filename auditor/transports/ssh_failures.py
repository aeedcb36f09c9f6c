"""What is told to a person when SSH does not come about: one kind and one sentence for each cause."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.errors import FailureKind, TransportError
from auditor.transports.host_keys import HostKey, KnownHosts, KnownLine

# What sshd says, and only says, to a client that it turns away before the protocol begins.
_BUSY_WORDS = (b"Exceeded MaxStartups", b"Not allowed at this time")
# Nothing was tried yet when these happen, so one further try does no harm.
WORTH_ONE_MORE_TRY = frozenset({FailureKind.TOO_BUSY, FailureKind.CLOSED_AT_ONCE})


@dataclass(frozen=True, slots=True)
class Place:
    """The server at one end of a connection: the host itself, or the bastion on the way to it."""

    host: str
    address: str
    port: int
    is_bastion: bool = False

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"the bastion {address}:{self.port}" if self.is_bastion else f"{self.host} ({address}:{self.port})"

    def error(self, kind: FailureKind, sentence: str, *, permanent: bool = True) -> TransportError:
        """Return an error of this place; a sentence may begin with the place."""
        if self.is_bastion:
            sentence = sentence[:1].upper() + sentence[1:]
        return TransportError(self.host, kind, sentence, permanent=permanent)


def printable(data: bytes | str, length: int = 100) -> str:
    """Return the beginning of what a server said, safe to show."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    return "".join(character if character.isprintable() else " " for character in text.strip()[:length]).strip()


def of_connection(place: Place, error: OSError) -> TransportError:
    """No TCP connection came about."""
    if isinstance(error, ConnectionRefusedError):
        return place.error(
            FailureKind.REFUSED,
            f"Nothing listens at {place}; start the SSH server there or correct address and port.",
            permanent=False,
        )
    if isinstance(error, TimeoutError):
        return place.error(
            FailureKind.DROPPED,
            f"Nothing answers at {place}; a firewall drops the connection or the server is down: open the port.",
            permanent=False,
        )
    if isinstance(error, ConnectionResetError):
        # The reset may arrive before the system tells that the connection was there.
        return _of_closing(place)
    return place.error(
        FailureKind.UNREACHABLE,
        f"There is no way to {place} ({error.strerror or error}); check address, routes and firewalls.",
        permanent=False,
    )


def _of_closing(place: Place) -> TransportError:
    return place.error(
        FailureKind.CLOSED_AT_ONCE,
        f"{place} closes every connection at once, also after a pause; a firewall or a list of allowed addresses "
        "turns this computer away, or the SSH server is overloaded: look at its log.",
        permanent=False,
    )


def of_name(place: Place) -> TransportError:
    """The address has no DNS entry."""
    return place.error(
        FailureKind.NAME_UNKNOWN,
        f"The name {place.address} cannot be resolved; correct the address in the inventory or the DNS.",
    )


def of_first_words(place: Place, first: bytes, *, ended: bool, seconds: float) -> TransportError | None:
    """The server did not begin to speak SSH: judged by what it said first. None when it did begin."""
    if any(line.startswith(b"SSH-") for line in first.splitlines()):
        return None
    if any(words in first for words in _BUSY_WORDS):
        return place.error(
            FailureKind.TOO_BUSY,
            f"The SSH server of {place} turns clients away ({printable(first)!r}), also after a pause; scan when fewer "
            "sign in at a time, or raise MaxStartups.",
            permanent=False,
        )
    if first.strip():
        return place.error(
            FailureKind.NOT_SSH,
            f"What listens at {place} does not speak SSH, it said {printable(first.splitlines()[0], 60)!r}; "
            "correct the port.",
        )
    if ended:
        return _of_closing(place)
    return place.error(
        FailureKind.SILENT,
        f"{place} accepted the connection and said nothing for {seconds:.0f} s; the server hangs or another service "
        "listens there.",
        permanent=False,
    )


def of_algorithms(place: Place, words: str, first: bytes) -> TransportError:
    """There is no common algorithm, or not even a common version of the protocol."""
    if "Incompatible version" in words:
        return place.error(
            FailureKind.NO_COMMON_ALGORITHM,
            f"{place} speaks an SSH protocol older than 2 ({printable(first.splitlines()[0], 60)!r}), which is not "
            "safe; update its SSH server.",
        )
    wanted = ("kex algorithm", "host key", "ciphers", "macs", "compression")
    index = next((index for index, name in enumerate(wanted) if f"no acceptable {name}" in words), None)
    what = ("key exchange", "host key", "cipher", "message digest", "compression")[index] if index is not None else ""
    offered = _offered_algorithms(first)
    # The packet lists ciphers, digests and compressions once for each direction.
    position = {0: 0, 1: 1, 2: 2, 3: 4, 4: 6}.get(-1 if index is None else index)
    offers = f", it offers only {offered[position]}" if position is not None and len(offered) > position else ""
    return place.error(
        FailureKind.NO_COMMON_ALGORITHM,
        f"{place} and this program have no {what or 'algorithm'} in common{offers}; update its SSH server.",
    )


def of_lost_handshake(place: Place, words: str) -> TransportError:
    """SSH was spoken, and ended before anybody signed in."""
    why = f" ({printable(words)})" if words else ""
    return place.error(
        FailureKind.LOST,
        f"{place} ended the connection during the SSH handshake{why}; scan again, and look at the server's log if it "
        "happens every time.",
        permanent=False,
    )


def of_hung_handshake(place: Place, seconds: float) -> TransportError:
    """SSH was spoken, and then nothing more came."""
    return place.error(
        FailureKind.HUNG,
        f"{place} began to speak SSH and then hung for {seconds:.0f} s; look at the load of the server.",
        permanent=False,
    )


def of_unknown_key(place: Place, key: HostKey, known: KnownHosts) -> TransportError:
    """Nobody has said yet that the key is the right one."""
    skipped = f" ({known.skipped} of its lines could not be read)" if known.skipped else ""
    trust = f"osaudit hosts trust {place.host}"
    return place.error(
        FailureKind.HOST_KEY_UNKNOWN,
        f"The host key of {place} is not in {known.path}{skipped}; it shows {key.fingerprint} ({key.type}): compare "
        f"that with the server's own, then run: {trust}",
    )


def of_changed_key(place: Place, key: HostKey, known: KnownHosts, lines: tuple[KnownLine, ...]) -> TransportError:
    """The key is another one than the known one: a new installation or an attack."""
    before = next((line for line in lines if line.type == key.type), lines[0])
    old = HostKey(key.name, before.type, before.blob)
    return place.error(
        FailureKind.HOST_KEY_CHANGED,
        f"THE HOST KEY OF {place} HAS CHANGED: it shows {key.fingerprint} ({key.type}), but {known.path} line "
        f"{before.number} knows {old.fingerprint} ({old.type}); no credential was sent. Somebody may be listening in: "
        "ask whoever runs the server, and only when they confirm the new key run: "
        f"ssh-keygen -R '{key.name}' -f '{known.path}'",
    )


def of_revoked_key(place: Place, key: HostKey, known: KnownHosts) -> TransportError:
    """The key is one that somebody declared stolen."""
    return place.error(
        FailureKind.HOST_KEY_CHANGED,
        f"THE HOST KEY OF {place} IS REVOKED in {known.path}: {key.fingerprint} ({key.type}); no credential was sent. "
        "Ask whoever runs the server.",
    )


def _offered_algorithms(first: bytes) -> list[str]:
    """Read the lists of algorithms from the server's first packet, which is not encrypted; empty if it is cut."""
    _, _, packet = first[first.find(b"SSH-") :].partition(b"\n")
    lists: list[str] = []
    position = 22
    while len(lists) < 10:
        size = int.from_bytes(packet[position : position + 4], "big")
        item = packet[position + 4 : position + 4 + size]
        if len(item) < size or len(packet) < position + 4:
            return []
        lists.append(printable(item, 200))
        position += 4 + size
    return lists
