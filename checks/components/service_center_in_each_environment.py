from auditor.check import (
    ComponentKind,
    Environment,
    Host,
    Severity,
    State,
    Verdict,
    check,
    failed,
    is_front_end,
    not_applicable,
    passed,
    search,
)


@check.per_environment("COMP-002", severity=Severity.CRITICAL, sources=("SEED", "ENVCONF", "ST-PERF"))
def service_center_in_each_environment(environment: Environment) -> Verdict:
    """Service Center is deployed in every environment.

    ## Why it matters

    Service Center is the console with which an environment is monitored and configured. Without it you see no errors,
    cannot stop a module, and LifeTime cannot talk to the environment.

    ## How it is decided

    The web application of Service Center, with files behind it, is found on every front-end that has Platform Server.
    A controller without the front-end role is not judged: it may or may not carry it. One front-end without it fails
    at once. Whether the console answers to a browser is not asked yet: that needs a witness outside the servers.

    ## How to fix

    1. If no front-end has it, run the Service Center installation from the Configuration Tool on the controller, then
       publish the system components.
    2. If only some front-ends lack it, look at their Deployment Service and event log, then republish Service Center
       from the controller.
    3. Open the console on each front-end and sign in.

    Effect on users: running applications go on; publish outside busy hours, as application pools restart.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Configure your OutSystems environment - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/environment-config.md
    - OutSystems.SetupTools: Get-OSPerfTuningStatus - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Get-OSPerfTuningStatus.ps1
    """
    servers = environment.find_servers()
    front_ends = search((*servers.found, *(host for host, _ in servers.unseen)), is_front_end)
    if not front_ends.found:
        front_ends.demand_complete_sight()
        sentence = f"{environment.name} has no front-end that could carry Service Center."
        return not_applicable(sentence, because_of="TOPO-016")
    lacking = search(front_ends.found, _lacks_service_center)
    if lacking.found:
        states = ", ".join(f"{host.name}: {_state(host)}" for host in lacking.found)
        return failed(
            f"{environment.name} has no working Service Center on {lacking.names}.{lacking.unseen_note}",
            expected=f"Service Center on {front_ends.names}",
            found=states,
        )
    front_ends.demand_complete_sight()
    lacking.demand_complete_sight()
    return passed(f"{environment.name} has Service Center on {front_ends.names}.")


def _lacks_service_center(host: Host) -> bool:
    if host.proved(ComponentKind.SERVICE_CENTER).state is State.PRESENT:
        return False
    # On a host without Platform Server that is the finding, and COMP-001 tells it.
    return host.has_platform_server


def _state(host: Host) -> str:
    return host.component(ComponentKind.SERVICE_CENTER).state.value
