from auditor.check import (
    ComponentKind,
    Host,
    Platform,
    Reason,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    not_applicable,
    passed,
    service_flaw,
    unknown,
    windows_services,
)

UNIT = "rabbitmq-server"
COMING_UP = ("activating", "reloading")


@check.per_host("SVC-007", severity=Severity.HIGH, sources=("CACHE-TS", "IM297"))
def rabbitmq_runs_and_starts_by_itself(host: Host) -> Verdict:
    """The service of RabbitMQ runs on every cache broker and starts by itself.

    ## Why it matters

    One broker serves all servers of an environment. While it is down no server learns that cached data have changed,
    so users see old data on some servers, and the error log fills up. A broker that has to be started by hand is down
    from the next restart on.

    ## How it is decided

    On every host of an environment that has RabbitMQ: on Windows the service is running and starts automatically,
    delayed or not; on Linux the unit is active and enabled. A service that is just coming up gives unknown. Hosts
    without RabbitMQ, with left-overs of it, and outside of all environments are not judged.

    ## How to fix

    1. Start the service, and look into the log of RabbitMQ if it stops again.
    2. Set its start mode to automatic; on Linux enable the unit.
    3. If the service is gone, create it again in the Configuration Tool.
    4. If the host is no broker any longer, uninstall RabbitMQ there.

    Effect on users: none; from then on they see changed data on all servers again.

    ## References

    - Manage and troubleshoot cache invalidation - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/cache-invalidation/manage-troubleshoot.md
    - Incident model 297 - https://github.com/OutSystems/docs-support/blob/main/src/troubleshooting/incident-models/o11/im-297.md
    """
    broker = host.component(ComponentKind.RABBITMQ)
    if host.environment is None or not broker.can_run:
        return not_applicable(f"{host.name} is no cache broker of an environment.")
    flaw = _flaw_on_linux(host) if host.fact(facts.OS_FAMILY) == Platform.LINUX else _flaw_on_windows(host)
    if flaw is not None:
        return failed(
            f"RabbitMQ on {host.name} {flaw}.",
            expected="running, and starting by itself",
            found=flaw,
        )
    return passed(f"RabbitMQ on {host.name} runs and starts by itself.")


def _flaw_on_windows(host: Host) -> str | None:
    services = host.fact(facts.SERVICES)
    flaw = service_flaw(host, windows_services.find(services, windows_services.BROKER))
    return None if flaw is None else flaw.words


def _flaw_on_linux(host: Host) -> str | None:
    unit = next((unit for unit in host.fact(facts.UNITS) if unit.name == UNIT), None)
    if unit is None:
        return f"has no unit {UNIT}"
    if unit.active_state in COMING_UP:
        unknown(Reason.STALE, f"{UNIT} on {host.name} is just coming up ({unit.active_state}): scan again in a while.")
    if not unit.active_state or not unit.enabled_state:
        unknown(Reason.CONTRADICTORY, f"systemd does not tell whether {UNIT} on {host.name} is active and enabled.")
    if unit.active_state != "active" or unit.enabled_state != "enabled":
        return f"is {unit.active_state} and {unit.enabled_state}"
    return None
