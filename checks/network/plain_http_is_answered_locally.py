from auditor.check import (
    Host,
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
)

APPLICATION = "/ServiceCenter"
PLACE = "http://127.0.0.1/ServiceCenter/_ping.html"
HINTS = {
    401: "because the site demands a sign-in",
    403: "because the site demands HTTPS or keeps out this address",
    404: "as when its folder is gone or another site answers",
    500: "because Service Center breaks off",
    503: "because its application pool does not run",
}


@check.per_host(
    "NET-002",
    severity=Severity.HIGH,
    sources=("NETREQ", "DIAG-NET", "PING"),
    roles=frozenset({Role.FRONT_END}),
    needs=("COMP-001",),
)
def plain_http_is_answered_locally(host: Host) -> Verdict:
    """Plain HTTP at 127.0.0.1 is answered by the server's own web site.

    ## Why it matters

    The platform calls applications of its own server at this address without HTTPS: after a publication it asks each
    whether it answers, and services of the platform call others in the same way. When the site demands HTTPS of
    everybody, this call fails too, and publications end with an error in ping although users notice nothing.

    ## How it is decided

    The server itself asks for the ping page of Service Center at 127.0.0.1, port 80, without signing in and without
    following a redirect. A success is a pass, and so is a redirect that stays with http. A status of 400 or higher
    fails, as do no connection, one that is broken off, and a redirect to https, because no certificate is for
    127.0.0.1. Status 403 comes from the setting Require SSL at the level of the site, or from an address restriction
    that leaves out 127.0.0.1. No answer in time gives unknown: after a restart the first request may take longer than
    the question. Where IIS has no application /ServiceCenter there is no page to ask for; COMP-002 tells that.

    ## How to fix

    1. Open http://127.0.0.1/ServiceCenter/_ping.html in a browser on the server; the page of an error 403 or 500 tells
       more there than it does elsewhere.
    2. With status 403 remove Require SSL from the Default Web Site in IIS Manager, and demand HTTPS of the applications
       in Service Center or LifeTime instead; let 127.0.0.1 in where addresses are restricted.
    3. With a redirect to https let its rule leave out 127.0.0.1, or move the redirect to the load balancer.
    4. Without a connection look at the binding (IIS-003) and at the services of IIS (SVC-008); with status 503 start
       ServiceCenterAppPool.

    Effect on users: none by letting 127.0.0.1 in; a change of the site's settings restarts its applications.

    ## References

    - OutSystems network requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/network-requirements.md
    - OSDiagTool: platform diagnostic - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/PlatformDiagnostic.cs
    - Troubleshoot failed deployments due to an error in ping - https://github.com/OutSystems/docs-support/blob/main/src/troubleshooting/application-runtime/publish-errors/troubleshoot-failed-deployments-due-to-an-error-in-ping.md
    """
    if not serves_application(host, APPLICATION):
        return not_applicable(f"IIS on {host.name} has no {APPLICATION} to ask.", because_of="COMP-002")
    page = read_page(host, host.fact(facts.SERVICE_CENTER_PAGE), hints=HINTS)
    if not page.works:
        return failed(
            f"A request of {host.name} to its own {PLACE} {page.words}.",
            expected="a success, or a redirect that stays with http",
            found=page.words,
        )
    return passed(f"A request of {host.name} to its own {PLACE} {page.words}.")
