from auditor.check import (
    Host,
    Infrastructure,
    Severity,
    Verdict,
    check,
    failed,
    find_same_machines,
    not_applicable,
    passed,
)


@check.per_infrastructure("DATA-007", severity=Severity.MEDIUM, sources=("DESIGN",))
def one_machine_one_entry(infrastructure: Infrastructure) -> Verdict:
    """No machine stands in the inventory twice.

    ## Why it matters

    A machine that is counted twice makes an environment look bigger than it is, and hides that two environments share
    a server.

    ## How it is decided

    The entries are compared by hardware UUID, GUID of the operating system, and network cards: where two of the three
    agree, it is one machine. Entries that declare each other in `same_machine_as` are left out. One machine found
    twice fails; a pass needs every host to be told from every other.

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
    double = find_same_machines(([host] for host in infrastructure.hosts), _is_declared)
    if double.found:
        names = "; ".join(machine.name for machine in double.found)
        return failed(
            f"Several entries of the inventory are one machine: {names}.{double.unseen_note}",
            expected="one entry for each machine",
            found=names,
        )
    double.demand_complete_sight()
    return passed(f"The {len(infrastructure.hosts)} hosts of the inventory are different machines.")


def _is_declared(one: Host, other: Host) -> bool:
    return other.name in one.declared.same_machine_as or one.name in other.declared.same_machine_as
