from auditor.check import (
    Environment,
    Host,
    Purpose,
    Reason,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    in_words,
    is_open,
    not_applicable,
    passed,
    search,
    unknown,
)

PORT = 443


@check.per_environment("NET-008", severity=Severity.HIGH, sources=("NETREQ", "LTREG", "LTDEPLOY"))
def lifetime_and_environments_reach_each_other(environment: Environment) -> Verdict:
    """LifeTime and the environment reach each other over HTTPS.

    ## Why it matters

    LifeTime asks an environment for its applications and sends it new ones, and the environment answers with calls of
    its own. Where one of the two ways is closed, the environment cannot be registered, or deployments hang.

    ## How it is decided

    Every server of LifeTime tried to connect to port 443 of the environment's `address` in the inventory, and every
    server of the environment to that of LifeTime's. All have to accept; older documents ask for port 80 too, which is
    not asked here. In the cloud only the way to an environment can be tried, and LifeTime's own environment is told of
    by the others. Without a declared address nobody knows where to try, and the verdict is unknown. Nothing is sent, so
    certificates are left to SEC-001 and SEC-002.

    ## How to fix

    1. Open port 443 for the servers named, in firewalls and load balancers, in both directions.
    2. See that they resolve the address to where HTTPS is served: the load balancer, where there is one.
    3. On the server named, try `Test-NetConnection ADDRESS -Port 443`.

    Effect on users: none; opening a port interrupts nothing.

    ## References

    - OutSystems network requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/network-requirements.md
    - Error registering an environment in LifeTime - https://github.com/OutSystems/docs-support/blob/main/src/troubleshooting/application-lifecycle/lifetime/lifetime-register-env-error.md
    - Unable to deploy applications using LifeTime - https://github.com/OutSystems/docs-support/blob/main/src/troubleshooting/application-lifecycle/lifetime/lifetime-deploy-unable.md
    """
    if environment.purpose is Purpose.LIFETIME:
        return not_applicable(f"{environment.name} is LifeTime's own environment; the others tell of the ways to it.")
    lifetimes = environment.infrastructure.of_purpose(Purpose.LIFETIME)
    if not lifetimes:
        return not_applicable("The inventory declares no LifeTime environment.", because_of="TOPO-004")
    ways = {
        f"{host.name} to {there.name}": (host, there)
        for lifetime in lifetimes
        for here, there in ((lifetime, environment), (environment, lifetime))
        for host in here.platform_hosts
        if not here.is_cloud
    }
    closed = search(ways, lambda way: not is_open(ways[way][0], _attempt(*ways[way])))
    if closed.found:
        told = ", ".join(f"{way} at {in_words(_attempt(*ways[way]))}" for way in closed.found)
        return failed(
            f"Over HTTPS LifeTime and {environment.name} do not reach each other: {told}.{closed.unseen_note}",
            expected=f"port {PORT} open both ways",
            found=told,
        )
    closed.demand_complete_sight()
    return passed(f"LifeTime and {environment.name} reach each other on port {PORT}: {', '.join(ways)}.")


def _attempt(host: Host, there: Environment) -> facts.Connection:
    if there.declared.address is None:
        sentence = f"The inventory gives no address of {there.name}, so whether it is reached was not tried."
        unknown(Reason.NOT_DECLARED, sentence)
    tried = host.fact(facts.DECLARED_CONNECTIONS)
    found = next((item for item in tried if item.target == f"environment/{there.name}"), None)
    if found is None:
        unknown(Reason.NOT_ASKED, f"{host.name} was not asked to reach {there.name}; scan again with this inventory.")
    return found
