from auditor.check import (
    ComponentKind,
    Environment,
    Host,
    Purpose,
    Role,
    Severity,
    State,
    Verdict,
    check,
    failed,
    not_applicable,
    passed,
    search,
)

PLATFORM = frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END})


@check.per_host("DATA-005", severity=Severity.MEDIUM, sources=("DIAG-NET",), in_cloud=True)
def declared_role_equals_observed_role(host: Host) -> Verdict:
    """Services and components show what the inventory declares.

    ## Why it matters

    All checks judge a server by what the inventory says it is. If the server is something else, either the inventory
    or the server is wrong, and the other verdicts of this host are about the wrong thing.

    ## How it is decided

    Controller and front-end are read from the services (start mode and state) and the configuration and must equal
    the declared roles; a scheduler that is switched off must be declared as passive, and the other way round; a
    declared cache broker must carry RabbitMQ. The purpose is compared with LifeTime: it belongs on the front-ends of
    a LifeTime environment, and nowhere else. A server with Platform Server contradicts an environment declared as
    hosted in the cloud, and an entry outside all environments. A declared platform server without Platform Server is
    the finding of COMP-001 and does not count again.

    ## How to fix

    1. Ask the owner of the server what it is meant to be.
    2. If the inventory is wrong, correct environment, purpose, roles or `passive` there.
    3. If the server is wrong, set the services to the start modes of its role, or remove what does not belong there.

    Effect on users: none by correcting the inventory; changing services needs a maintenance window.

    ## References

    - OSDiagTool: platform diagnostic - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/PlatformDiagnostic.cs
    """
    contradictions = {
        "environment": _place,
        "roles": _roles,
        "scheduler": _scheduler,
        "LifeTime": _purpose,
        "cache broker": _broker,
    }
    if _lacks_platform_server(host):
        return not_applicable(f"{host.name} has no Platform Server.", because_of="COMP-001")
    seen = search(tuple(contradictions), lambda aspect: bool(contradictions[aspect](host)))
    if seen.found:
        told = [contradictions[aspect](host) for aspect in seen.found]
        return failed(
            f"{host.name} is not what the inventory declares: {'; '.join(told)}.",
            expected=_declared(host),
            found="; ".join(told),
        )
    seen.demand_complete_sight()
    return passed(f"{host.name} is what the inventory declares ({_declared(host)}).")


def _declared(host: Host) -> str:
    roles = ", ".join(sorted(host.roles)) or "no role"
    if host.environment is None:
        return f"{roles}, outside all environments"
    passive = ", passive" if host.declared.passive else ""
    return f"{roles}{passive}, in {host.environment.name} ({host.environment.purpose})"


def _environment(host: Host) -> Environment | None:
    """Return the environment whose servers are ours, None for a host outside of these."""
    return None if host.environment is None or host.environment.is_cloud else host.environment


def _lacks_platform_server(host: Host) -> bool:
    """Whether COMP-001 is the finding; what is not known is left to the single aspects."""
    declared = _environment(host) is not None and bool(host.roles & PLATFORM)
    return declared and bool(search((host,), lambda one: not one.has_platform_server).found)


def _place(host: Host) -> str:
    if _environment(host) is not None or not host.has_platform_server:
        return ""
    if host.environment is None:
        return "it has Platform Server, but belongs to no environment"
    return f"it has Platform Server, but {host.environment.name} is declared as hosted in the cloud"


def _roles(host: Host) -> str:
    if _environment(host) is None or not (host.roles & PLATFORM or host.has_platform_server):
        return ""
    reading = host.role_reading
    shown = (reading.intended | reading.actual) & PLATFORM
    if shown == host.roles & PLATFORM:
        return ""
    return f"its services show {' and '.join(sorted(shown)) or 'no role'}"


def _scheduler(host: Host) -> str:
    if _environment(host) is None or Role.FRONT_END not in host.roles:
        return ""
    if host.declared.passive and host.role_reading.runs_scheduler:
        return "it is declared passive, but its scheduler runs"
    if not host.declared.passive and host.role_reading.passive:
        return "its scheduler is disabled, but it is not declared passive"
    return ""


def _purpose(host: Host) -> str:
    environment = _environment(host)
    if environment is None or not host.is_platform_host:
        return ""
    lifetime = host.component(ComponentKind.LIFETIME)
    if environment.purpose is not Purpose.LIFETIME:
        return (
            f"it runs LifeTime, but belongs to {environment.name} (purpose {environment.purpose})"
            if lifetime.can_run
            else ""
        )
    if Role.FRONT_END not in host.roles or lifetime.can_run:
        return ""
    return f"it does not run LifeTime, but belongs to {environment.name} (purpose lifetime)"


def _broker(host: Host) -> str:
    if Role.CACHE_BROKER not in host.roles:
        return ""
    state = host.component(ComponentKind.RABBITMQ).state
    return "" if state in (State.PRESENT, State.PROBABLE, State.BROKEN) else "it has no RabbitMQ"
