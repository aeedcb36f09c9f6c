from collections import defaultdict

from auditor.check import Environment, Severity, Verdict, check, failed, name_few, not_applicable, passed, search


@check.per_environment("VER-002", severity=Severity.CRITICAL, sources=("FRONTEND", "UPG", "HASCALE"))
def one_platform_version_per_environment(environment: Environment) -> Verdict:
    """All servers of an environment have the same Platform Server version.

    ## Why it matters

    The deployment controller compiles for its own version and sends the result to every front-end. A front-end with
    another version, be it only another patch, may not load what it gets: a deployment fails, or succeeds on some
    servers only, and users see one or the other.

    ## How it is decided

    The full versions in the registry of all controllers and front-ends of the environment are equal. Two that differ
    fail at once, and all values are named. A pass needs every server. Hosts without Platform Server are left to
    COMP-001. An environment with a single server has nothing to compare. A rolling upgrade that was announced is
    recorded as a waiver.

    ## How to fix

    1. Take the servers that lag behind out of the load balancer, one at a time.
    2. Upgrade them with the installer that the controller was upgraded with, and run the Configuration Tool.
    3. Publish, and put them back.

    Effect on users: none as long as the remaining front-ends carry the load.

    ## References

    - Add a new front-end server to your environment - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/install/add-front-end/add-front-end.md
    - Upgrade OutSystems platform - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/upgrade/upgrade-platform.md
    - High availability and scalability - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/ha-scalability/intro.md
    """
    if len(environment.platform_hosts) == 1:
        return not_applicable(f"{environment.name} has a single server, so there is nothing to compare.")
    servers = environment.find_servers()
    told = search(servers.found, lambda host: bool(host.installed_platform.parts))
    by_version = defaultdict(list)
    for host in told.found:
        by_version[host.installed_platform].append(host.name)
    commonest_first = sorted(by_version.items(), key=lambda item: (-len(item[1]), item[0]))
    listed = "; ".join(f"{version} on {name_few(names)}" for version, names in commonest_first)
    if len(by_version) > 1:
        return failed(
            f"{environment.name} has {len(by_version)} versions of Platform Server: {listed}."
            f"{servers.unseen_note}{told.unseen_note}",
            expected="one version on all servers",
            found=listed,
        )
    servers.demand_complete_sight()
    told.demand_complete_sight()
    if len(told.found) == 1:
        return not_applicable(f"Only {told.names} in {environment.name} has Platform Server: nothing to compare.")
    return passed(f"{environment.name} has Platform Server {listed}.")
