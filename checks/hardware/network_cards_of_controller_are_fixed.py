from auditor.check import (
    Host,
    Reason,
    Role,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    name_few,
    not_applicable,
    passed,
    unknown,
)


@check.per_host(
    "HW-011",
    severity=Severity.HIGH,
    sources=("DEFCONF", "LICHW"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER}),
)
def network_cards_of_controller_are_fixed(host: Host) -> Verdict:
    """The controller has the network cards that it had at the last scan.

    ## Why it matters

    The serial number that the licence of an environment is bound to is made from the controller's hardware, network
    cards among it. When a virtual machine is moved or made anew and gets other hardware addresses, the licence becomes
    invalid, and it may be days before somebody sees why.

    ## How it is decided

    Every hardware address that the controller had in the last complete scan that read it is still there. Cards that
    came in addition do no harm. The first scan of a host has nothing to compare with. On a cloud instance the serial
    number comes from the instance instead: if you run one, record a waiver.

    ## How to fix

    1. Give the virtual machine its former hardware address back, as a fixed one.
    2. If the change is wanted, ask for a licence for the new serial number before the old one stops to be accepted.
    3. See in Service Center, under Administration, that the licence is valid.

    Effect on users: none while the licence is valid; changing the address interrupts the network of the server.

    ## References

    - Default configurations of OutSystems - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/default-configurations.md
    - License is invalid after changing the hardware - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/licensing/troubleshooting/change-hw-license-invalid.md
    """
    if host.is_new:
        return not_applicable(f"No complete scan before this one read {host.name}: there is nothing to compare with.")
    now = {address.upper() for address in host.fact(facts.MACHINE_MACS)}
    before = {address.upper() for address in host.earlier_fact(facts.MACHINE_MACS)}
    if not before:
        unknown(Reason.CONTRADICTORY, f"The scan before saw no network card of {host.name}.")
    if gone := sorted(before - now):
        return failed(
            f"{host.name} no longer has the network card {name_few(gone)}; it has {name_few(sorted(now)) or 'none'}.",
            expected=name_few(sorted(before)),
            found=name_few(sorted(now)) or "none",
        )
    return passed(f"{host.name} still has the network card {name_few(sorted(before))}.")
