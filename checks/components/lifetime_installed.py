from auditor.check import (
    ComponentKind,
    Environment,
    Host,
    Purpose,
    Severity,
    State,
    Verdict,
    check,
    failed,
    passed,
    search,
)


@check.per_environment(
    "COMP-003",
    severity=Severity.CRITICAL,
    sources=("SEED", "SETUP", "ST-LT"),
    purposes=frozenset({Purpose.LIFETIME}),
)
def lifetime_installed(environment: Environment) -> Verdict:
    """LifeTime is installed and published in the LifeTime environment.

    ## Why it matters

    An environment for LifeTime without LifeTime is a server without a purpose: deployments, IT users and rights of
    all environments have no console.

    ## How it is decided

    On at least one server of the LifeTime environment the installer's mark of LifeTime is in the registry, and
    LifeTime is published: IIS serves its application and the files behind it exist. The installer copies LifeTime
    only; it is published in a second step, after the licence. Whether its page answers to a browser is not asked yet.

    ## How to fix

    1. If nothing of LifeTime is there, run the LifeTime installer on the server of this environment.
    2. If only the payload is there, install the licence in Service Center, then publish the LifeTime solution from
       the Configuration Tool.
    3. If it is published but the installer's mark is missing, run the installer of the same version again.
    4. Open the console and register the environments.

    Effect on users: none for the users of applications.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Setting up OutSystems - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/intro.md
    - OutSystems.SetupTools: example of a LifeTime installation - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/examples/DeployOnPrem/OnPrem-Online-LT.ps1
    """
    servers = environment.find_servers()
    published = search(environment.platform_hosts, _runs_lifetime)
    payload = search(environment.platform_hosts, _has_payload)
    if not published.found:
        published.demand_complete_sight()
        copied = f"; its payload is on {payload.names}, so it was copied but not published" if payload.found else ""
        return failed(
            f"LifeTime does not run in {environment.name}{copied}.",
            expected="LifeTime installed and published",
            found=", ".join(f"{host.name}: {host.component(ComponentKind.LIFETIME).state}" for host in servers.found),
        )
    if not payload.found:
        payload.demand_complete_sight()
        return failed(
            f"LifeTime is published on {published.names}, but the installer's mark of it is missing.",
            expected="the installer's registry value for LifeTime",
            found="no such value",
            lasting=published.names,
        )
    version = published.found[0].component(ComponentKind.LIFETIME).version
    return passed(f"LifeTime{f' {version}' if version else ''} is published on {published.names}.")


def _has_payload(host: Host) -> bool:
    """Whether the installer's mark is there; the solution file may have been deleted since."""
    return host.component(ComponentKind.LIFETIME_PAYLOAD).state is not State.ABSENT


def _runs_lifetime(host: Host) -> bool:
    return host.proved(ComponentKind.LIFETIME).state is State.PRESENT
