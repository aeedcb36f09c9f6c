from auditor.check import Host, Reason, Role, Severity, Verdict, check, facts, failed, passed, unknown

SYSTEM = "C:"
GB = 2**30
FAIL_PERCENT, FAIL_GB = 10, 10
WARN_PERCENT = 20


@check.per_host(
    "HW-004",
    severity=Severity.HIGH,
    sources=("DISK", "DESIGN"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
)
def volumes_have_enough_free_space(host: Host) -> Verdict:
    """The volumes of Platform Server and Windows have enough free space.

    ## Why it matters

    Every publication leaves compiled applications behind, and logs and temporary files grow. On a full disk the
    compilation stops, applications fail in odd ways, and Windows itself may not start again.

    ## How it is decided

    Of the volume that holds the install folder of Platform Server, and of C:, where Windows is taken to be, at least
    10 % and 10 GB are free. Between 10 and 20 % the finding has severity low. These limits are ours. A volume that is
    mounted in a folder is not told from the drive it is mounted in.

    ## How to fix

    1. Run the Disk Cleanup of Windows and delete old dumps and logs.
    2. Delete temporary ASP.NET files while IIS is stopped; the applications compile again at the first request.
    3. Delete old personal areas of developers, as the vendor's page on disk space describes.
    4. Extend the volume if that does not last.

    Effect on users: stopping IIS interrupts the server, and the first requests afterwards are slow.

    ## References

    - Disk space usage control - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/disk-space-usage-control.md
    - Architecture of osaudit (docs/architecture.md)
    """
    folder, volumes = host.fact(facts.PLATFORM_FOLDER), host.fact(facts.VOLUMES)
    by_name = {volume.name.rstrip("\\").upper(): volume for volume in volumes}
    drives = dict.fromkeys([(folder or "")[:2].upper(), SYSTEM])
    if missing := [drive for drive in drives if drive not in by_name]:
        unknown(Reason.CONTRADICTORY, f"{host.name} does not list {missing[0] or 'the volume of the install folder'}.")
    looked_at = [by_name[drive] for drive in drives]
    told = "; ".join(_told(volume) for volume in looked_at)
    lasting = "; ".join(f"{volume.name} {_band(volume)}" for volume in looked_at)
    full = [volume for volume in looked_at if _is_full(volume)]
    if full:
        return failed(
            f"{host.name} is short of disk space: {'; '.join(map(_told, full))}.",
            expected=f"at least {FAIL_PERCENT} % and {FAIL_GB} GB free",
            found=told,
            lasting=lasting,
        )
    short = [volume for volume in looked_at if _is_below(volume, WARN_PERCENT)]
    if short:
        return failed(
            f"{host.name} will soon be short of disk space: {'; '.join(map(_told, short))}.",
            expected=f"at least {WARN_PERCENT} % free",
            found=told,
            severity=Severity.LOW,
            lasting=lasting,
        )
    # In whole percent, because a verdict that differs every night is stored anew every night.
    enough = "; ".join(f"{volume.name} {volume.free * 100 // volume.size} %" for volume in looked_at)
    return passed(f"{host.name} has enough free space: {enough}.")


def _is_full(volume: facts.Volume) -> bool:
    return _is_below(volume, FAIL_PERCENT) or volume.free < FAIL_GB * GB


def _band(volume: facts.Volume) -> str:
    # The free space is another every night.
    return "full" if _is_full(volume) else "short" if _is_below(volume, WARN_PERCENT) else "free"


def _is_below(volume: facts.Volume, percent: int) -> bool:
    return volume.free * 100 < volume.size * percent


def _told(volume: facts.Volume) -> str:
    return f"{volume.name} {volume.free / GB:.1f} of {volume.size / GB:.1f} GB free"
