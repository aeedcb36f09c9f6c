"""The WMI classes of a modelled Windows server, with the properties that Windows has."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from auditor.simulation import machine_planted as planted
from auditor.simulation.machine_clock import ModelledClock, instant
from auditor.simulation.machine_document import MachineDocument
from auditor.simulation.machine_iis import optional_features
from auditor.simulation.machine_services import ListeningPort
from auditor.simulation.machine_telling import matches
from auditor.simulation.machine_wql import AccessDenied, NoSuchClass

_GIB = 2**30
_BUILDS = {
    "2012 R2": "6.3.9600",
    "2016": "10.0.14393",
    "2019": "10.0.17763",
    "2022": "10.0.20348",
    "2025": "10.0.26100",
}
_STANDARD = "root/cimv2"

Rows = list[dict[str, Any]]


def version_of(document: MachineDocument) -> str:
    """Return the version of Windows, such as 10.0.20348."""
    return _BUILDS[document.os.release]


def caption_of(document: MachineDocument) -> str:
    """Return the product name."""
    if document.os.product_type == 1:
        return f"Microsoft Windows {document.os.edition}"
    return f"Microsoft Windows Server {document.os.release} {document.os.edition}"


def uuid_of(document: MachineDocument) -> str:
    """Return the UUID of the hardware, made from the name where the model gives none."""
    made = uuid.uuid5(uuid.NAMESPACE_DNS, f"hardware.{document.name}.{document.identity.domain}")
    return (document.identity.uuid or str(made)).upper()


def guid_of(document: MachineDocument) -> str:
    """Return the GUID of the installation, made from the name where the model gives none."""
    made = uuid.uuid5(uuid.NAMESPACE_DNS, f"installation.{document.name}.{document.identity.domain}")
    return document.identity.guid or str(made)


def mac_of(document: MachineDocument) -> str:
    """Return the hardware address, made from the name where the model gives none."""
    tail = uuid.uuid5(uuid.NAMESPACE_DNS, f"network.{document.name}").bytes[:3]
    return document.identity.mac or ":".join(["00", "50", "56", *(f"{byte:02X}" for byte in tail)])


def address_of(document: MachineDocument) -> str:
    """Return the IP address, made from the name where the model gives none."""
    tail = uuid.uuid5(uuid.NAMESPACE_DNS, f"address.{document.name}").bytes
    return document.identity.address or f"10.77.{tail[0]}.{tail[1] % 254 + 1}"


class Wmi:
    """The classes by namespace; names compare without regard to case."""

    def __init__(
        self,
        document: MachineDocument,
        clock: ModelledClock,
        services: Rows,
        ports: list[ListeningPort],
    ) -> None:
        self._document = document
        self._clock = clock
        self._services = services
        self._ports = ports
        self._own = {name.casefold(): rows for name, rows in document.wmi.items()}
        self._denied = tuple(document.denied.wmi)

    def rows(self, namespace: str, class_name: str) -> Rows:
        """Return all rows of a class; raises `NoSuchClass` or `AccessDenied`."""
        if any(matches(pattern, class_name) for pattern in self._denied):
            raise AccessDenied(class_name)
        place = namespace.replace("\\", "/").casefold()
        classes = self._classes() if place == _STANDARD else {}
        own = self._own.get(f"{place}:{class_name}".casefold())
        if own is None and place == _STANDARD:
            own = self._own.get(class_name.casefold())
        if own is not None:
            return own
        if class_name.casefold() not in classes:
            raise NoSuchClass(f"{namespace}:{class_name}")
        return classes[class_name.casefold()]

    def _classes(self) -> Mapping[str, Rows]:
        document, now = self._document, self._clock.utc()
        return {
            "win32_operatingsystem": [_operating_system(document, self._clock)],
            "win32_computersystem": [_computer_system(document, self._clock)],
            "win32_computersystemproduct": [_product(document)],
            "win32_bios": [_bios(document)],
            "win32_processor": [_processor(document)],
            "win32_logicaldisk": _disks(document),
            "win32_networkadapterconfiguration": _adapters(document),
            "win32_service": self._services,
            "win32_process": _processes(self._ports),
            "win32_utctime": [_time(now)],
            "win32_localtime": [_time(now + timedelta(minutes=self._clock.minutes_east))],
            "win32_timezone": [_zone(self._clock)],
            "win32_optionalfeature": optional_features(document.iis, document.features),
        }


def boot_time(document: MachineDocument, clock: ModelledClock) -> datetime:
    """Return the time of the last start: a fixed one, or so many seconds before now."""
    if document.os.uptime_seconds is not None:
        return (clock.utc() - timedelta(seconds=document.os.uptime_seconds)).replace(microsecond=0)
    return document.os.boot


def _operating_system(document: MachineDocument, clock: ModelledClock) -> dict[str, Any]:
    memory = int(document.hardware.memory_gb * _GIB / 1024)
    return {
        "Caption": caption_of(document),
        "Version": version_of(document),
        "BuildNumber": version_of(document).rpartition(".")[2],
        "BuildType": "Multiprocessor Free",
        "ProductType": document.os.product_type,
        "OperatingSystemSKU": 13 if document.os.core else 7,
        "OSArchitecture": "64-bit",
        "OSLanguage": 1033,
        "Locale": "0409",
        "CountryCode": "1",
        "CodeSet": "1252",
        "CSName": document.name.upper(),
        "Name": rf"{caption_of(document)}|C:\Windows|\Device\Harddisk0\Partition3",
        "Manufacturer": "Microsoft Corporation",
        "InstallDate": instant("2025-06-01T08:00:00Z"),
        "LastBootUpTime": boot_time(document, clock),
        "LocalDateTime": clock.utc(),
        "CurrentTimeZone": clock.minutes_east,
        "TotalVisibleMemorySize": memory,
        "FreePhysicalMemory": memory // 2,
        "TotalVirtualMemorySize": memory,
        "FreeVirtualMemory": memory // 2,
        "NumberOfProcesses": 96,
        "NumberOfUsers": 2,
        "ServicePackMajorVersion": 0,
        "ServicePackMinorVersion": 0,
        "Status": "OK",
        "SystemDirectory": r"C:\Windows\system32",
        "SystemDrive": "C:",
        "WindowsDirectory": r"C:\Windows",
        "Primary": True,
        "Organization": "",
        "RegisteredUser": "Windows User",
        "SerialNumber": "00454-40000-00001-AA000",
    }


def _computer_system(document: MachineDocument, clock: ModelledClock) -> dict[str, Any]:
    domain = document.identity.domain
    return {
        "Name": document.name.upper()[:15],
        "DNSHostName": document.name,
        "Caption": document.name.upper()[:15],
        "Domain": domain or "WORKGROUP",
        "PartOfDomain": bool(domain),
        "Workgroup": None if domain else "WORKGROUP",
        "DomainRole": 5 if document.os.product_type == 2 else 3 if domain else 2,
        "Manufacturer": document.hardware.maker,
        "Model": document.hardware.model,
        "NumberOfProcessors": 1,
        "NumberOfLogicalProcessors": document.hardware.processors,
        "TotalPhysicalMemory": int(document.hardware.memory_gb * _GIB),
        "SystemType": "x64-based PC",
        "HypervisorPresent": True,
        "CurrentTimeZone": clock.minutes_east,
        "DaylightInEffect": False,
        "EnableDaylightSavingsTime": True,
        "AutomaticManagedPagefile": True,
        "PrimaryOwnerName": "Windows User",
        "Status": "OK",
        "UserName": None,
    }


def _product(document: MachineDocument) -> dict[str, Any]:
    return {
        "UUID": uuid_of(document), "Name": document.hardware.model, "Vendor": document.hardware.maker,
        "IdentifyingNumber": f"VMware-{uuid_of(document)[:8]}", "Version": "None", "Caption": "Computer System Product",
        "Description": "Computer System Product", "SKUNumber": None,
    }  # fmt: skip


def _bios(document: MachineDocument) -> dict[str, Any]:
    return {
        "SerialNumber": f"VMware-{uuid_of(document)[:8]}", "Manufacturer": document.hardware.maker,
        "SMBIOSBIOSVersion": "VMW201.00V", "Version": "INTEL  - 6040000", "Name": "VMW201.00V", "Status": "OK",
        "ReleaseDate": instant("2024-05-01T00:00:00Z"), "PrimaryBIOS": True,
    }  # fmt: skip


def _processor(document: MachineDocument) -> dict[str, Any]:
    count = document.hardware.processors
    return {
        "DeviceID": "CPU0", "Name": "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", "Manufacturer": "GenuineIntel",
        "NumberOfCores": count, "NumberOfLogicalProcessors": count, "NumberOfEnabledCore": count,
        "MaxClockSpeed": 2000, "CurrentClockSpeed": 2000, "AddressWidth": 64, "DataWidth": 64, "Architecture": 9,
        "SocketDesignation": "CPU 0", "LoadPercentage": 7, "Status": "OK", "ProcessorId": "0F8BFBFF000606A6",
    }  # fmt: skip


def _disks(document: MachineDocument) -> Rows:
    local = [
        {
            "DeviceID": name, "Name": name, "Caption": name, "DriveType": 3, "FileSystem": "NTFS",
            "Size": int(volume.size_gb * _GIB), "FreeSpace": int(volume.free_gb * _GIB), "VolumeName": "",
            "Description": "Local Fixed Disk", "MediaType": 12, "Compressed": False, "ProviderName": None,
            "VolumeSerialNumber": "5C2F11AB",
        }
        for name, volume in document.hardware.volumes.items()
    ]  # fmt: skip
    optical = (
        {**dict.fromkeys(local[0]), "DeviceID": "Z:", "Name": "Z:", "Caption": "Z:", "DriveType": 5} if local else {}
    )
    return [*local, *([optical] if optical else [])]


def _adapters(document: MachineDocument) -> Rows:
    first = {
        "Index": 1, "InterfaceIndex": 4, "Description": "vmxnet3 Ethernet Adapter", "Caption": "[00000001] vmxnet3",
        "IPEnabled": True, "IPAddress": [address_of(document), "fe80::1c2d:3e4f:5a6b:7c8d"],
        "IPSubnet": ["255.255.255.0", "64"], "MACAddress": mac_of(document), "DHCPEnabled": False,
        "DefaultIPGateway": ["10.0.0.1"], "DNSHostName": document.name, "DNSDomain": document.identity.domain,
        "DNSServerSearchOrder": ["10.0.0.53"], "ServiceName": "vmxnet3ndis6", "SettingID": "{0}",
    }  # fmt: skip
    second = {**dict.fromkeys(first), "Index": 2, "InterfaceIndex": 7, "Description": "WAN Miniport (IP)"}
    return [first, {**second, "IPEnabled": False, "DHCPEnabled": False, "Caption": "[00000002] WAN Miniport (IP)"}]


def _processes(ports: list[ListeningPort]) -> Rows:
    programs = {port.pid: port.process for port in ports}
    return [
        {
            "ProcessId": pid, "Name": name if pid == 4 else f"{name}.exe", "ExecutablePath": None,
            "CommandLine": f"{name} {planted.COMMAND_LINE}", "ParentProcessId": 4, "SessionId": 0,
            "WorkingSetSize": 104857600,
        }
        for pid, name in sorted(programs.items())
    ]  # fmt: skip


def _time(now: datetime) -> dict[str, Any]:
    return {
        "Year": now.year, "Month": now.month, "Day": now.day, "Hour": now.hour, "Minute": now.minute,
        "Second": now.second, "DayOfWeek": now.isoweekday() % 7, "Quarter": (now.month + 2) // 3,
        "WeekInMonth": (now.day - 1) // 7 + 1, "Milliseconds": None,
    }  # fmt: skip


def _zone(clock: ModelledClock) -> dict[str, Any]:
    hours, minutes = divmod(abs(clock.minutes_east), 60)
    sign = "+" if clock.minutes_east >= 0 else "-"
    caption = f"(UTC{sign}{hours:02d}:{minutes:02d}) {clock.zone}"
    return {
        "StandardName": clock.zone, "DaylightName": clock.zone, "Bias": clock.minutes_east, "Caption": caption,
        "Description": caption, "DaylightBias": -60, "StandardBias": 0, "SettingID": caption,
    }  # fmt: skip
