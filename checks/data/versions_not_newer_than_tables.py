from collections.abc import Callable

from auditor.check import (
    ComponentKind,
    Host,
    Reason,
    Severity,
    Table,
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

# What is met on a host: in which table it should be, and how to ask the host for it.
PLATFORM_SERVER, LIFETIME, WINDOWS, RABBITMQ = "Platform Server", "LifeTime", "Windows", "RabbitMQ"
TABLES = {
    PLATFORM_SERVER: "platform_server_releases",
    LIFETIME: "lifetime_releases",
    WINDOWS: "windows_server",
    RABBITMQ: "rabbitmq",
}


@check.per_host("DATA-010", severity=Severity.MEDIUM, sources=("SYSREQ", "PSREL"))
def versions_not_newer_than_tables(host: Host) -> Verdict:
    """The versions met on a host are not newer than the tables of figures know.

    ## Why it matters

    Requirements rise with every release. Figures that were written before a release cannot say what it needs, and must
    not bless it: checks that use them say unknown (version-not-in-table), and this finding says why.

    ## How it is decided

    Each version met is at most the newest that its table knows, compared as far as the table is written: Platform
    Server with the table of its releases, LifeTime, published or only unpacked, with the table of its releases, the
    build of Windows with the newest Windows Server that has a row, and RabbitMQ with the newest version that any
    release of Platform Server asks for or brings along. One that is newer fails at once. Versions that are older than a
    table are told by the checks of the versions themselves. A host that carries none of these is not judged. Database
    servers are not asked.

    ## How to fix

    1. Update osaudit: its tables come with it, and `osaudit checks list` prints how old they are.
    2. Judge the stored answers again with `osaudit evaluate`; no server is contacted for that.
    3. If the newest osaudit does not know the version either, compare with the vendor's pages by hand.

    Effect on users: none.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - Platform Server 11 release notes - https://github.com/OutSystems/docs-support/tree/main/src/release-notes/11/platform-server
    """
    met = search(tuple(TABLES), lambda product: _version(host, product) is not None)
    versions = {product: version for product in met.found if (version := _version(host, product)) is not None}
    newer = {product: version for product, version in versions.items() if _is_newer(version, _newest(host, product))}
    if newer:
        told = ", ".join(f"{product} {version}" for product, version in newer.items())
        known = ", ".join(_known(host, product) for product in newer)
        return failed(
            f"{host.name} has {told}, newer than the tables know: {known}.{met.unseen_note}",
            expected=f"at most {known}",
            found=told,
        )
    met.demand_complete_sight()
    if not versions:
        return not_applicable(f"{host.name} has nothing whose version stands in a table.")
    told = ", ".join(f"{product} {version}" for product, version in versions.items())
    return passed(f"The tables go as far as what {host.name} has: {told}.")


def _newest(host: Host, product: str) -> Version:
    """Return the newest version of a product that its table knows."""
    table = host.figures(TABLES[product])
    if product == WINDOWS:
        return max(row.value("build", Version) for row in table.rows)
    if product == RABBITMQ:
        asked_for = [row.value("rabbitmq", Version) for row in table.rows]
        return max(*asked_for, *(found for row in table.rows if (found := row.find("bundled", Version)) is not None))
    return table.highest


def _known(host: Host, product: str) -> str:
    table: Table = host.figures(TABLES[product])
    dated = f"from sources of {table.date}" if table.date else "from sources without a date"
    return f"{product} {_newest(host, product)} (table {table.name}, {dated})"


def _is_newer(version: Version, newest: Version) -> bool:
    """Compare as far as the table is written: 11.43.0 stands for all its builds."""
    return Version(version.parts[: len(newest.parts)]) > newest


def _version(host: Host, product: str) -> Version | None:
    """Return the version of a product on a host, None where it is proved not to be there."""
    ask: dict[str, Callable[[Host], Version | None]] = {
        PLATFORM_SERVER: _platform_server,
        LIFETIME: _lifetime,
        WINDOWS: lambda one: one.fact(facts.OS_VERSION) if one.fact(facts.OS_FAMILY) == "windows" else None,
        RABBITMQ: lambda one: _component(one, ComponentKind.RABBITMQ, RABBITMQ),
    }
    return ask[product](host)


def _platform_server(host: Host) -> Version | None:
    return host.installed_platform if host.has_platform_server else None


def _lifetime(host: Host) -> Version | None:
    kinds = (ComponentKind.LIFETIME, ComponentKind.LIFETIME_PAYLOAD)
    return max((version for kind in kinds if (version := _component(host, kind, LIFETIME)) is not None), default=None)


def _component(host: Host, kind: ComponentKind, product: str) -> Version | None:
    component = host.component(kind)
    if not component.can_run:
        return None
    if component.version is None:
        unknown(Reason.CONTRADICTORY, f"{host.name} has {product}, but nothing tells its version.")
    try:
        return Version.parse(component.version)
    except ValueError as error:
        unknown(Reason.PARSE_ERROR, f"The version of {product} on {host.name} cannot be read: {error}.")
