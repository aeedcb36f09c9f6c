from collections import defaultdict

from auditor.check import (
    Environment,
    Host,
    Reason,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    name_few,
    not_applicable,
    passed,
    search,
    unknown,
)


@check.per_environment("CONF-006", severity=Severity.CRITICAL, sources=("FRONTEND",))
def one_private_key_per_environment(environment: Environment) -> Verdict:
    """All servers of an environment have the same private key.

    ## Why it matters

    The passwords in server.hsconf and the settings in the database are encrypted with private.key. A front-end with a
    key of its own cannot open what the controller wrote: services do not start, or applications fail the first time
    they need an encrypted setting.

    ## How it is decided

    Every server makes a keyed digest of its private.key; the key itself never leaves it. The digests of all
    controllers and front-ends of the environment are equal. Two that differ fail at once. A pass needs every server.
    A scan that was resumed makes its digests with two keys of its own, and those of different keys cannot be
    compared: then the verdict is unknown, and a new scan decides. A server without the file is told by COMP-010. An
    environment with a single server has nothing to compare.

    ## How to fix

    1. Find out which key the deployment controller has: that one is right.
    2. Take the other server out of the load balancer, put its private.key aside, and copy the controller's to it, by
       a way on which nobody can read it.
    3. Run the Configuration Tool on that server, enter the passwords again, apply, and restart the services.
    4. Publish to it, and put it back.

    Effect on users: none as long as the remaining front-ends carry the load.

    ## References

    - Add a new front-end server to your environment - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/install/add-front-end/add-front-end.md
    """
    if len(environment.platform_hosts) == 1:
        return not_applicable(f"{environment.name} has a single server, so there is nothing to compare.")
    servers = environment.find_servers()
    told = search(servers.found, lambda host: bool(_digest(host)))
    # A digest is worth something only beside others that were made with the same key.
    by_key: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for host in told.found:
        key, _, digest = _digest(host).partition(":")
        by_key[key][digest].append(host.name)
    for digests in by_key.values():
        if len(digests) > 1:
            commonest_first = sorted(digests.items(), key=lambda item: (-len(item[1]), item[1]))
            listed = "; ".join(f"{digest[:8]} on {name_few(names)}" for digest, names in commonest_first)
            return failed(
                f"{environment.name} has {len(digests)} private keys, by their digests: {listed}."
                f"{servers.unseen_note}{told.unseen_note}",
                expected="one private key on all servers",
                found=listed,
                # Each scan makes its digests with a key of its own.
                lasting="; ".join(sorted(", ".join(sorted(names)) for names in digests.values())),
            )
    servers.demand_complete_sight()
    told.demand_complete_sight()
    if len(by_key) > 1:
        apart = "; ".join(name_few(name for names in digests.values() for name in names) for digests in by_key.values())
        unknown(
            Reason.CONTRADICTORY,
            f"The digests of private.key in {environment.name} were made with {len(by_key)} keys, because the scan was "
            f"resumed, and cannot be compared ({apart}).",
        )
    if len(told.found) == 1:
        return not_applicable(f"Only {told.names} in {environment.name} has Platform Server: nothing to compare.")
    return passed(f"{environment.name} has one private key on {told.names}.")


def _digest(host: Host) -> str:
    digest = host.fact(facts.PRIVATE_KEY_DIGEST)
    if digest is None:
        unknown(Reason.CONTRADICTORY, f"{host.name} has no private.key (see COMP-010), so there is none to compare.")
    return digest
