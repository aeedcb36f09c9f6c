"""What a Linux host says of itself: system, names, addresses, marks and hardware."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from itertools import pairwise

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.operating_system import version
from auditor.collectors.reading import (
    Answers,
    IllTyped,
    command_text,
    distinct,
    fact,
    facts,
    lines,
    member,
    one_line,
    whole_number,
)
from auditor.collectors.rights import ANY_LINUX_USER
from auditor.model.known_facts import (
    HOST_ADDRESSES,
    HOST_NAME,
    HOST_NAMES,
    MACHINE_GUID,
    MACHINE_MACS,
    MEMORY,
    OS_FAMILY,
    OS_NAME,
    OS_VERSION,
    PROCESSORS,
    VOLUMES,
    Volume,
)
from auditor.model.question import Platform, Question, Verb
from auditor.model.version import Version

_NO_MAC = "00:00:00:00:00:00"


def _command(name: str, why: str) -> Question:
    return Question(f"linux_host.{name}", Verb.COMMAND, Platform.LINUX, why, ANY_LINUX_USER, {"name": name})


KERNEL = _command("uname", "Tells that the host runs Linux, and on which kernel.")
RELEASE = Question(
    id="linux_host.release",
    verb=Verb.FILE,
    platform=Platform.LINUX,
    why="Tells name and version of the distribution.",
    rights=ANY_LINUX_USER,
    arguments={"path": "/etc/os-release", "text": 4096},
)
NAME = _command("hostname", "Tells the host's own name, to see whether a configuration means this host.")
ADDRESSES = _command("addresses", "Tells the host's addresses, to see whether a configuration means this host.")
# The UUID of the hardware is not asked for: root alone may read it, so it would cost every ordinary account a denied
# question, and these two marks tell hosts apart.
MACHINE_ID = _command("machine_id", "Tells the id of the installation, so that one host listed twice is counted once.")
MACS = _command("macs", "Tells the addresses of the network cards, so that one host listed twice is counted once.")
PROCESSOR_COUNT = _command("processors", "Tells the number of processors.")
MEMORY_SIZE = _command("memory", "Tells the size of the memory.")
DISKS = _command("volumes", "Tells size and free space of the local file systems.")


def read(observations: Observations) -> FactMap:
    """Give what the host says of itself."""
    return facts(
        fact(observations, OS_FAMILY, lambda answers: _words(answers, KERNEL).split()[0].casefold()),
        fact(observations, OS_NAME, _name),
        fact(observations, OS_VERSION, _version),
        fact(observations, HOST_NAME, lambda answers: _words(answers, NAME)),
        fact(observations, HOST_NAMES, _names),
        fact(observations, HOST_ADDRESSES, lambda answers: _addresses(_output(answers, ADDRESSES))),
        fact(observations, MACHINE_GUID, lambda answers: _mark(answers, MACHINE_ID)),
        fact(observations, MACHINE_MACS, _macs),
        fact(observations, PROCESSORS, lambda answers: whole_number(_words(answers, PROCESSOR_COUNT))),
        fact(observations, MEMORY, _memory),
        fact(observations, VOLUMES, lambda answers: _volumes(_output(answers, DISKS))),
    )


def _output(answers: Answers, question: Question) -> str:
    printed = command_text(answers.whole(question))
    if printed is None:
        raise IllTyped("the host has no such command")
    return printed


def _words(answers: Answers, question: Question) -> str:
    words = one_line(_output(answers, question))
    if not words:
        raise IllTyped("the command printed nothing")
    return words


def _mark(answers: Answers, question: Question) -> str | None:
    return one_line(command_text(answers.whole(question)) or "") or None


def _release(answers: Answers) -> dict[str, str]:
    value = answers.value(RELEASE)
    if value is None:
        raise IllTyped("the host has no /etc/os-release")
    pairs = (line.partition("=") for line in lines(member(value, "text")))
    return {name.strip(): words.strip().strip("\"'") for name, sign, words in pairs if sign}


def _name(answers: Answers) -> str:
    release = _release(answers)
    name = release.get("PRETTY_NAME") or release.get("NAME")
    if not name:
        raise IllTyped("no name")
    return name


def _version(answers: Answers) -> Version:
    return version(_release(answers).get("VERSION_ID", ""))


def _names(answers: Answers) -> tuple[str, ...]:
    full = _words(answers, NAME)
    return distinct((full, full.partition(".")[0]))


def _addresses(printed: str) -> tuple[str, ...]:
    words = printed.split()
    marked = [following for word, following in pairwise(words) if word in ("inet", "inet6")]
    return distinct(str(address) for address in _parsed(marked or words) if not address.is_loopback)


def _parsed(words: list[str]) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    for word in words:
        try:
            yield ipaddress.ip_address(word.partition("/")[0])
        except ValueError:
            continue


def _macs(answers: Answers) -> tuple[str, ...]:
    found = re.findall(r"(?i)\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", _output(answers, MACS))
    return distinct(mac.upper() for mac in found if mac != _NO_MAC)


def _memory(answers: Answers) -> int:
    match = re.match(r"MemTotal:\s+(\d{1,15}) kB", _words(answers, MEMORY_SIZE))
    if match is None:
        raise IllTyped("no size")
    return int(match[1]) * 1024


def _volumes(printed: str) -> tuple[Volume, ...]:
    found = {}
    for line in printed.splitlines()[1:]:
        fields = line.split(None, 5)
        if len(fields) == 6 and all(field.isascii() and field.isdigit() for field in fields[1:4]):
            device, size, _, free, _, place = fields
            # Only what is on a disk, and the root whatever it is on.
            if device.startswith("/dev/") or place == "/":
                found[one_line(place)] = Volume(one_line(place), int(size) * 1024, int(free) * 1024)
    return tuple(found[place] for place in sorted(found))


COLLECTOR = Collector(
    "linux_host",
    Platform.LINUX,
    (KERNEL, RELEASE, NAME, ADDRESSES, MACHINE_ID, MACS, PROCESSOR_COUNT, MEMORY_SIZE, DISKS),
    read,
)
