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
    not_applicable,
    passed,
    read_page,
    serves_application,
    unknown,
)

CONSOLE, APPLICATION = "/ServiceCenter", "/server.api"
PLACE = "http://127.0.0.1/server.api/v1/health"
# Whether the first releases of version 11 came with it is not told by any document read: Jul.2019 is sure.
SURE_FROM = Version.parse("11.0.528")
FIRST_WITH_API = 11
HINTS = {
    403: "because the site demands HTTPS or keeps out this address (see NET-002)",
    404: "as when its folder is gone or another site answers",
    500: "as without the .NET hosting bundle or its module in IIS (see VER-013 and IIS-017)",
    503: "because its application pool does not run",
}


@check.per_host(
    "COMP-006",
    severity=Severity.HIGH,
    sources=("MON", "DIAG-NET", "NETCORE"),
    roles=frozenset({Role.FRONT_END}),
    needs=("COMP-001",),
)
def server_api_is_healthy(host: Host) -> Verdict:
    """Server.API runs wherever Service Center is deployed, and says so.

    ## Why it matters

    LifeTime and the development tools talk to an environment through Server.API. When it does not run, nobody opens or
    publishes a module, and LifeTime shows the environment as one it cannot reach, while applications still run.

    ## How it is decided

    The server itself asks for the health page of Server.API at 127.0.0.1, port 80, and gets a success. A status of 400
    or higher fails, as do no connection, one that is broken off, and a redirect to https. A redirect that stays with
    http gives unknown, because what stands there was not asked for, and so does no answer in time: after a restart the
    first request may take longer than the question. Where IIS has /ServiceCenter but no /server.api this fails, as
    Platform Server 11 installs both; for releases before Jul.2019 (11.0.528), of which no document read says that, it
    is unknown. Where IIS has neither, COMP-002 tells it.

    ## How to fix

    1. Open http://127.0.0.1/server.api/v1/health in a browser on the server, and read the event log of that minute.
    2. With status 500 look at the .NET hosting bundle (VER-013) and its module in IIS (IIS-017); repair the bundle if
       it was installed before IIS, and restart IIS.
    3. With status 503 start the application pool of /server.api, and see that its identity may read the folder
       Server.API of the install folder.
    4. If IIS has no /server.api, run the Configuration Tool and apply.
    5. With status 403 or a redirect mend NET-002 first.

    Effect on users: none for those of the applications, unless IIS is restarted; developers can work again.

    ## References

    - Monitoring an environment - https://github.com/OutSystems/docs-product/blob/main/src/monitor-and-troubleshoot/monitoring-an-environment.md
    - OSDiagTool: platform diagnostic - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/PlatformDiagnostic.cs
    - Troubleshooting .NET Core 3.1 - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/troubleshooting/dot-net-core-3-1/dot-net-core-3-1.md
    """
    if not serves_application(host, APPLICATION):
        if not serves_application(host, CONSOLE):
            return not_applicable(f"IIS on {host.name} has neither {CONSOLE} nor {APPLICATION}.", because_of="COMP-002")
        version = host.installed_platform
        if version.parts[0] < FIRST_WITH_API:
            sentence = f"{host.name} has Platform Server {version}, which knows no {APPLICATION}."
            return not_applicable(sentence, because_of="VER-001")
        if version < SURE_FROM:
            sentence = f"Whether Platform Server {version} of {host.name} has to come with {APPLICATION} is not known."
            unknown(Reason.VERSION_NOT_IN_TABLE, sentence)
        return failed(
            f"IIS on {host.name} has {CONSOLE}, but no application {APPLICATION}.",
            expected=f"{APPLICATION} beside {CONSOLE}",
            found="no such application",
        )
    page = read_page(host, host.fact(facts.SERVER_API_PAGE), hints=HINTS)
    if page.leads_to:
        sentence = f"{host.name} redirects {PLACE} to {page.leads_to}, and what stands there was not asked for."
        unknown(Reason.NOT_ASKED, sentence)
    if not page.works:
        return failed(
            f"A request of {host.name} to its own {PLACE} {page.words}.", expected="a success", found=page.words
        )
    return passed(f"A request of {host.name} to its own {PLACE} {page.words}.")
