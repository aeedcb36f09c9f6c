from auditor.check import (
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    not_applicable,
    passed,
    read_page,
    serves_application,
    unknown,
)

BESIDE, APPLICATION = "/server.api", "/server.identity"
PLACE = "http://127.0.0.1/server.identity/v1/health"
HINTS = {
    403: "because the site demands HTTPS or keeps out this address (see NET-002)",
    404: "as when its folder is gone or another site answers",
    500: "as without the .NET hosting bundle or its module in IIS (see VER-013 and IIS-017)",
    503: "because its application pool does not run",
}


@check.per_host(
    "COMP-007",
    severity=Severity.HIGH,
    sources=("MON", "DIAG-NET", "NETCORE"),
    roles=frozenset({Role.FRONT_END}),
    needs=("COMP-001",),
)
def server_identity_is_healthy(host: Host) -> Verdict:
    """Server.Identity runs wherever Server.API is, and says so.

    ## Why it matters

    Server.Identity signs in those who call the platform's APIs. When it does not run, Server.API answers, but lets
    nobody in: neither LifeTime nor the development tools get any further.

    ## How it is decided

    The server itself asks for the health page of Server.Identity at 127.0.0.1, port 80, and gets a success. A status
    of 400 or higher fails, as do no connection, one that is broken off, and a redirect to https. A redirect that stays
    with http gives unknown, because what stands there was not asked for, and so does no answer in time: after a restart
    the first request may take longer than the question. Where IIS has /server.api but no /server.identity this fails;
    where it has neither, COMP-006 tells it.

    ## How to fix

    1. Open http://127.0.0.1/server.identity/v1/health in a browser on the server, and read the event log of that
       minute.
    2. With status 500 look at the .NET hosting bundle (VER-013) and its module in IIS (IIS-017); repair the bundle if
       it was installed before IIS, and restart IIS.
    3. With status 503 start the application pool of /server.identity, and see that its identity may read the folder
       Server.Identity of the install folder.
    4. If IIS has no /server.identity, run the Configuration Tool and apply.
    5. With status 403 or a redirect mend NET-002 first.

    Effect on users: none for those of the applications, unless IIS is restarted; developers can work again.

    ## References

    - Monitoring an environment - https://github.com/OutSystems/docs-product/blob/main/src/monitor-and-troubleshoot/monitoring-an-environment.md
    - OSDiagTool: platform diagnostic - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/PlatformDiagnostic.cs
    - Troubleshooting .NET Core 3.1 - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/troubleshooting/dot-net-core-3-1/dot-net-core-3-1.md
    """
    if not serves_application(host, APPLICATION):
        if not serves_application(host, BESIDE):
            return not_applicable(f"IIS on {host.name} has neither {BESIDE} nor {APPLICATION}.", because_of="COMP-006")
        return failed(
            f"IIS on {host.name} has {BESIDE}, but no application {APPLICATION}.",
            expected=f"{APPLICATION} beside {BESIDE}",
            found="no such application",
        )
    page = read_page(host, host.fact(facts.SERVER_IDENTITY_PAGE), hints=HINTS)
    if page.leads_to:
        sentence = f"{host.name} redirects {PLACE} to {page.leads_to}, and what stands there was not asked for."
        unknown(Reason.NOT_ASKED, sentence)
    if not page.works:
        return failed(
            f"A request of {host.name} to its own {PLACE} {page.words}.", expected="a success", found=page.words
        )
    return passed(f"A request of {host.name} to its own {PLACE} {page.words}.")
