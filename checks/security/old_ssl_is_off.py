from auditor.check import (
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    Version,
    check,
    facts,
    failed,
    passed,
    search,
    unknown,
)

SSL_2, SSL_3 = "SSL 2.0", "SSL 3.0"
SIDES = {f"{protocol} {side}": (protocol, side) for protocol in (SSL_2, SSL_3) for side in ("client", "server")}

# What Windows does where the registry has no value, as its maker documents it up to Windows Server 2022.
SSL_2_OFF_FROM = Version.parse("6.2")
SSL_2_REMOVED_FROM = SSL_3_OFF_FROM = Version.parse("10.0.14393")
NEWEST_DOCUMENTED = Version.parse("10.0.20348")


@check.per_host(
    "SEC-004",
    severity=Severity.HIGH,
    sources=("ST-SEC", "MSSCHANNEL"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
)
def old_ssl_is_off(host: Host) -> Verdict:
    """SSL 2.0 and SSL 3.0 are off for clients and servers.

    ## Why it matters

    Both protocols are broken: who sits between two ends can make them fall back to SSL 3.0 and read cookies and
    passwords. Switching them off is part of the vendor's steps to harden a server.

    ## How it is decided

    For each of the two, as client and as server, the registry of SCHANNEL says Enabled = 0 and DisabledByDefault = 1.
    Where a value is not there, the default of that Windows counts: SSL 2.0 is gone from Windows Server 2016 on, and
    SSL 3.0 is off by default from Windows Server 2016 to 2022. For a newer Windows the default of SSL 3.0 was not
    found documented, so without values the answer is unknown. One side that is on fails. Changes count only after a
    restart, which is not judged.

    ## How to fix

    1. Run `Set-OSServerSecuritySettings` of the vendor's OutSystems.SetupTools, or set the two values below
       `HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols` yourself.
    2. Restart the server.
    3. Test integrations with old systems, which may know nothing newer.

    Effect on users: the restart takes the server out of service for minutes; browsers of this decade need no SSL.

    ## References

    - OutSystems.SetupTools: Set-OSServerSecuritySettings - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Set-OSServerSecuritySettings.ps1
    - Protocols in TLS/SSL (Schannel SSP) - https://learn.microsoft.com/en-us/windows/win32/secauthn/protocols-in-tls-ssl--schannel-ssp-
    """
    on = search(SIDES, lambda name: _is_on(host, *SIDES[name]))
    if on.found:
        return failed(
            f"{host.name} has not switched off {on.names} ({_told(host, on.found[0])}).{on.unseen_note}",
            expected="SSL 2.0 and SSL 3.0 off, as client and as server",
            found=f"on: {on.names}",
        )
    on.demand_complete_sight()
    return passed(f"{host.name} has SSL 2.0 and SSL 3.0 off, as client and as server.")


def _values(host: Host, protocol: str, side: str) -> tuple[int | None, int | None]:
    settings = host.fact(facts.SECURITY_PROTOCOLS)
    found = [item for item in settings if (item.protocol, item.side) == (protocol, side)]
    return (found[0].enabled, found[0].disabled_by_default) if found else (None, None)


def _is_on(host: Host, protocol: str, side: str) -> bool:
    enabled, disabled = _values(host, protocol, side)
    if enabled == 0 and disabled not in (None, 0):
        return False
    if protocol == SSL_2 and host.fact(facts.OS_VERSION) >= SSL_2_REMOVED_FROM:
        return False
    if enabled not in (None, 0) or disabled == 0:
        return True
    return not _is_off_by_default(host, protocol, side)


def _is_off_by_default(host: Host, protocol: str, side: str) -> bool:
    version = host.fact(facts.OS_VERSION)
    if protocol == SSL_2:
        return side == "client" or version >= SSL_2_OFF_FROM
    if version.parts[:3] > NEWEST_DOCUMENTED.parts:
        unknown(
            Reason.VERSION_NOT_IN_TABLE,
            f"{host.name} has no complete setting for {protocol} as {side}, and the default of Windows {version} "
            "is not known.",
        )
    return version >= SSL_3_OFF_FROM


def _told(host: Host, name: str) -> str:
    enabled, disabled = ("not set" if item is None else str(item) for item in _values(host, *SIDES[name]))
    return f"{name}: Enabled {enabled}, DisabledByDefault {disabled}"
