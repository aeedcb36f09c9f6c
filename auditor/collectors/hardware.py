"""Processors and their width, memory, model and volumes of a Windows server."""

from __future__ import annotations

from typing import Any

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import (
    Answers,
    IllTyped,
    fact,
    facts,
    member,
    row,
    rows,
    text,
    text_or_empty,
    whole_number,
)
from auditor.collectors.rights import WMI
from auditor.model.known_facts import MEMORY, MODEL, OS_IS_64_BIT, PROCESSORS, VOLUMES, Volume
from auditor.model.question import Platform, Question, Verb

SYSTEM = Question(
    id="hardware.system",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells processors, memory and maker, to compare with the product's requirements.",
    rights=WMI,
    arguments={
        "class": "Win32_ComputerSystem",
        "properties": ["Manufacturer", "Model", "TotalPhysicalMemory", "NumberOfLogicalProcessors"],
    },
)
# Not OSArchitecture, which Windows translates. On a 32-bit Windows the address width is 32, whatever the processor.
PROCESSOR = Question(
    id="hardware.processor",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells whether Windows and processor are 64-bit, to compare with the product's requirements.",
    rights=WMI,
    arguments={"class": "Win32_Processor", "properties": ["AddressWidth"]},
)
DISKS = Question(
    id="hardware.disks",
    verb=Verb.WMI,
    platform=Platform.WINDOWS,
    why="Tells size and free space of the local disks, to compare with the product's requirements.",
    rights=WMI,
    arguments={
        "class": "Win32_LogicalDisk",
        "properties": ["DeviceID", "Size", "FreeSpace"],
        "condition": "DriveType = 3",
    },
)


def read(observations: Observations) -> FactMap:
    """Give the facts about the hardware."""
    return facts(
        fact(observations, PROCESSORS, lambda answers: _number(answers, "NumberOfLogicalProcessors")),
        fact(observations, MEMORY, lambda answers: _number(answers, "TotalPhysicalMemory")),
        fact(observations, MODEL, _model),
        fact(observations, OS_IS_64_BIT, lambda answers: _is_64_bit(answers.whole(PROCESSOR))),
        fact(observations, VOLUMES, lambda answers: _volumes(answers.whole(DISKS))),
    )


def _number(answers: Answers, name: str) -> int:
    return whole_number(member(row(answers.value(SYSTEM)), name))


def _model(answers: Answers) -> str:
    system = row(answers.value(SYSTEM))
    return f"{text_or_empty(member(system, 'Manufacturer'))} {text_or_empty(member(system, 'Model'))}".strip()


def _is_64_bit(value: Any) -> bool:
    widths = {whole_number(member(processor, "AddressWidth")) for processor in rows(value)}
    if not widths:
        raise IllTyped("no processor")
    return widths == {64}


def _volumes(value: Any) -> tuple[Volume, ...]:
    # A volume that is locked or not formatted has no size.
    sized = [disk for disk in rows(value) if member(disk, "Size") is not None]
    volumes = [
        Volume(
            text(member(disk, "DeviceID")),
            whole_number(member(disk, "Size")),
            whole_number(member(disk, "FreeSpace")),
        )
        for disk in sized
    ]
    return tuple(sorted(volumes, key=lambda volume: volume.name))


COLLECTOR = Collector("hardware", Platform.WINDOWS, (SYSTEM, PROCESSOR, DISKS), read)
