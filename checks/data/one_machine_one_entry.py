from itertools import combinations

from auditor.check import HostPair, Infrastructure, Severity, Verdict, check, failed, not_applicable, passed, search


@check.per_infrastructure("DATA-007", severity=Severity.MEDIUM, sources=("DESIGN",))
def one_machine_one_entry(infrastructure: Infrastructure) -> Verdict:
    """No machine stands in the inventory twice.

    ## Why it matters

    A machine that is counted twice makes an environment look bigger than it is, and hides that two environments share
    a server.

    ## How it is decided

    Every two entries are compared by hardware UUID, GUID of the operating system, and network cards; two that agree
    are one machine. Entries that declare each other in `same_machine_as` are left out. One pair found fails; a pass
    needs every pair to be told apart.

    ## How to fix

    1. If one entry is another name of the same server, merge the entries and add the name to its aliases.
    2. If the server really is in two places of the inventory, declare `same_machine_as`; TOPO-005 and TOPO-014 tell
       whether it may be.
    3. If the machines differ, they are clones: give the copy an identity of its own.

    Effect on users: none.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    """
    if len(infrastructure.hosts) < 2:
        return not_applicable("The inventory has fewer than two hosts.")
    pairs = [HostPair(one, other) for one, other in combinations(infrastructure.hosts, 2)]
    undeclared = [pair for pair in pairs if not _is_declared(pair)]
    double = search(undeclared, lambda pair: pair.is_one_machine)
    if double.found:
        return failed(
            f"Two entries of the inventory are one machine: {double.names}.{double.unseen_note}",
            expected="one entry for each machine",
            found=double.names,
        )
    double.demand_complete_sight()
    return passed(f"The {len(infrastructure.hosts)} hosts of the inventory are different machines.")


def _is_declared(pair: HostPair) -> bool:
    first, second = pair.first, pair.second
    return second.name in first.declared.same_machine_as or first.name in second.declared.same_machine_as
