from auditor.check import (
    Host,
    Role,
    ServiceFlaw,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    passed,
    search,
    service_flaw,
    windows_services,
)

# The World Wide Web Publishing Service, and the Windows Process Activation Service that it starts.
PUBLISHING, ACTIVATION = windows_services.WEB_SERVER, "WAS"


@check.per_host(
    "SVC-008",
    severity=Severity.CRITICAL,
    sources=("TSPS", "MON"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
)
def web_server_services_run(host: Host) -> Verdict:
    """The services of IIS are running and start with Windows.

    ## Why it matters

    All applications, the consoles and the platform's API are served by IIS. With one of its two services stopped the
    server answers nothing; with a start mode that waits for somebody it answers nothing after the next restart.

    ## How it is decided

    W3SVC is running with start mode auto. WAS is running and not disabled: Windows installs it with start mode manual
    and starts it because W3SVC depends on it, so manual is as good as auto there; the catalogue of checks asks for auto
    of both, and no document read says that of WAS. Running with a start mode that does not bring it back is a medium
    finding. On a server that is declared as controller alone stopped is medium too, because users are not served
    there. A service that is just coming up, or that starts delayed on a server started less than ten minutes ago,
    gives unknown (stale).

    ## How to fix

    1. Set the World Wide Web Publishing Service (W3SVC) to Automatic; if the Windows Process Activation Service (WAS)
       is disabled, set it to Manual.
    2. Start W3SVC; Windows starts WAS before it. If one stops again, look at the event log.
    3. Open /ServiceCenter on the server itself, and then put it back into the load balancer.

    Effect on users: none by starting; the server serves again, with slow first requests.

    ## References

    - Troubleshooting the OutSystems Platform Server - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/troubleshooting/troubleshoot-platform-server.md
    - Monitoring an environment - https://github.com/OutSystems/docs-product/blob/main/src/monitor-and-troubleshoot/monitoring-an-environment.md
    """
    flaws: dict[str, ServiceFlaw] = {}
    seen = search((PUBLISHING, ACTIVATION), lambda name: _note_flaw(host, name, flaws))
    if seen.found:
        words = " and ".join(f"{name} {flaw.words}" for name, flaw in flaws.items())
        lesser = all(flaw.runs for flaw in flaws.values()) or Role.FRONT_END not in host.roles
        return failed(
            f"{words} on {host.name}.{seen.unseen_note}",
            expected="W3SVC running with start mode auto, WAS running and not disabled",
            found=words,
            severity=Severity.MEDIUM if lesser else None,
        )
    seen.demand_complete_sight()
    return passed(f"W3SVC and WAS run on {host.name} and start with Windows.")


def _note_flaw(host: Host, name: str, flaws: dict[str, ServiceFlaw]) -> bool:
    """Note what is wrong with a service, and say whether anything is."""
    services = host.fact(facts.SERVICES)
    service = windows_services.find(services, name)
    flaw = service_flaw(host, service)
    by_dependency = name == ACTIVATION and service is not None and service.start_mode == "manual"
    if flaw is None or (flaw.runs and by_dependency):
        return False
    flaws[name] = flaw
    return True
