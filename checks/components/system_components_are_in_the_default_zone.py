from auditor.check import (
    Environment,
    Purpose,
    Reason,
    Severity,
    Verdict,
    check,
    count,
    failed,
    name_few,
    passed,
    unknown,
)


@check.per_environment(
    "COMP-009",
    severity=Severity.MEDIUM,
    sources=("ZONES", "DIAG-INT"),
    purposes=frozenset(Purpose) - {Purpose.LIFETIME},
)
def system_components_are_in_the_default_zone(environment: Environment) -> Verdict:
    """System components are in a zone with all servers.

    ## Why it matters

    Consoles, sign-in providers and widgets come with the system components. In a deployment zone that leaves servers
    out they are missing there, and users whom the load balancer sends to these servers meet errors.

    ## How it is decided

    LifeTime tells the deployment zone of each application of the platform. With one front-end every zone has it. With
    more, each such application must be in the default zone, to which the platform itself deploys them; one in another
    zone fails. Which servers the default zone includes only Service Center tells, and osaudit does not ask it, so where
    all of them are in it the verdict is unknown (source-not-configured).

    LifeTime's API is the witness; without it the verdict is unknown with that cause.

    ## How to fix

    1. In Service Center open the applications that the finding names, and look at their deployment zone.
    2. Move them to the default zone, and let that zone include all servers.

    Effect on users: the applications are deployed anew to the servers that lacked them.

    ## References

    - Selective deployment using deployment zones - https://github.com/OutSystems/docs-product/blob/main/src/deploying-apps/zones/intro.md
    - OSDiagTool: integrity of the platform database - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/Integrity/PlatformDBIntegrity.cs
    """
    registered, lifetime = environment.registered, environment.infrastructure.lifetime
    if registered.front_ends == 1:
        return passed(f"{environment.name} has one front-end, which every zone includes.")
    default = {zone.key for zone in lifetime.zones if zone.environment == registered.key and zone.is_default}
    if len(default) != 1:
        unknown(Reason.PARSE_ERROR, f"LifeTime does not tell the default zone of {environment.name}.")
    elsewhere = [
        item.name
        for item in lifetime.applications
        if item.is_system
        for state in item.states or ()
        if state.environment == registered.key and state.zone and state.zone not in default
    ]
    if not elsewhere:
        sentence = f"Only Service Center tells which servers the default zone of {environment.name} has."
        unknown(Reason.SOURCE_NOT_CONFIGURED, sentence)
    return failed(
        f"{count(len(elsewhere), 'application')} of the platform outside the default zone of {environment.name}.",
        expected="every system component in the default zone",
        found=name_few(elsewhere),
    )
