from itertools import combinations

from auditor.check import (
    ComponentKind,
    Host,
    Reason,
    Severity,
    Verdict,
    Version,
    check,
    facts,
    failed,
    not_applicable,
    passed,
    search,
    unknown,
)

REGISTRY, FILE, CONFIGURATION = "the registry", "version.txt", "server.hsconf"


@check.per_host("DATA-004", severity=Severity.MEDIUM, sources=("WHATVER", "DIAG-FILES"))
def version_witnesses_agree(host: Host) -> Verdict:
    """All witnesses of the Platform Server version of a server agree.

    ## Why it matters

    Every check about versions believes the registry. If the files or the configuration tell another version, an upgrade
    stopped half-way, and the server does not run what everybody takes it to run.

    ## How it is decided

    Three witnesses tell the version: the registry value of the installer, version.txt in the install folder, and the
    platform version in server.hsconf, which the Configuration Tool writes. They are compared as far as two of them
    both go: 11.38.0 agrees with 11.38.0.47000. Two that differ fail at once, and all are named. A witness that is
    proved to be missing contradicts nobody, but one witness alone gives unknown (contradictory), as there is nothing
    to compare it with. A witness that could not be read could be the one that differs, so it gives unknown. Service
    Center is compared by a check of its own. A host without Platform Server is not judged.

    ## How to fix

    1. Find out when the server was last upgraded, and read the installer's log of that day.
    2. If version.txt is behind, run the installer of the version in the registry again.
    3. If server.hsconf is behind, run the Configuration Tool of the installed version and apply its settings.
    4. Publish Service Center and the system components, and scan again.

    Effect on users: the server serves nothing while this runs; take it out of the load balancer before.

    ## References

    - Which version of OutSystems is installed - https://github.com/OutSystems/docs-support/blob/main/src/release-articles/what-version.md
    - OSDiagTool: platform files - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/PlatformFilesHelper.cs
    """
    if not host.component(ComponentKind.PLATFORM_SERVER).can_run:
        because_of = "COMP-001" if host.is_platform_host else None
        return not_applicable(f"{host.name} has no Platform Server.", because_of=because_of)
    witnesses = search((REGISTRY, FILE, CONFIGURATION), lambda witness: _told(host, witness) is not None)
    told = {witness: version for witness in witnesses.found if (version := _told(host, witness)) is not None}
    listed = ", ".join(f"{version} in {witness}" for witness, version in told.items())
    if not all(_agree(one, other) for one, other in combinations(told.values(), 2)):
        return failed(
            f"The witnesses of the Platform Server version of {host.name} differ: {listed}.{witnesses.unseen_note}",
            expected="one version in the registry, version.txt and server.hsconf",
            found=listed,
        )
    witnesses.demand_complete_sight()
    missing = [witness for witness in (REGISTRY, FILE, CONFIGURATION) if witness not in told]
    silent = f" Without a version: {', '.join(missing)}." if missing else ""
    if len(told) < 2:
        unknown(
            Reason.CONTRADICTORY,
            f"{host.name} has Platform Server, but there are no two witnesses of its version to compare"
            f"{f': it is {listed}' if listed else ''}.{silent}",
        )
    return passed(f"The witnesses of the Platform Server version of {host.name} agree: {listed}.{silent}")


def _told(host: Host, witness: str) -> Version | None:
    """Return the version that a witness tells, None where it is proved to tell none."""
    text = _text(host, witness)
    if not text:
        return None
    try:
        return Version.parse(text)
    except ValueError as error:
        unknown(Reason.PARSE_ERROR, f"The version of {host.name} in {witness} cannot be read: {error}.")


def _text(host: Host, witness: str) -> str | None:
    if witness == REGISTRY:
        return host.fact(facts.PLATFORM_VERSION)
    if witness == FILE:
        return host.fact(facts.PLATFORM_FILE_VERSION)
    configuration = host.fact(facts.SERVER_CONFIGURATION)
    return None if configuration is None else configuration.platform_version


def _agree(one: Version, other: Version) -> bool:
    """Compare as far as both are written."""
    return all(mine == theirs for mine, theirs in zip(one.parts, other.parts, strict=False))
