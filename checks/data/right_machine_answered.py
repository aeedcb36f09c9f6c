from auditor.check import Host, Severity, Verdict, check, facts, failed, name_few, passed, search


@check.per_host("DATA-008", severity=Severity.HIGH, sources=("DESIGN",))
def right_machine_answered(host: Host) -> Verdict:
    """The machine that answered is the one that the inventory means.

    ## Why it matters

    An alias that was moved, an address given to another server, or a copied line in the inventory makes the audit
    describe a machine that nobody meant. Everything else that is said of this host would be true of the wrong one.

    ## How it is decided

    One of the names by which the inventory knows the host (its name, its aliases, the address that is connected to)
    must be a name or an address that the machine gives itself; a short name equals a full one that begins with it.
    Where a complete scan before read this host too, one of three marks must be the same as in the last one that did:
    the UUID of the hardware, the GUID of the operating system, a network card. Over SSH and TLS the key or certificate
    is checked before any sign-in; that is no part of this check.

    ## How to fix

    1. If the right machine answered under a name that the inventory does not have, add that name to `aliases`.
    2. If another machine answered, correct the address in the inventory, or the record in DNS.
    3. If the server was replaced or installed anew under the same name, that is what is shown: the next scan compares
       with the new machine.

    Effect on users: none.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    """
    own = {text.casefold() for text in (*host.fact(facts.HOST_NAMES), *host.fact(facts.HOST_ADDRESSES))}
    known_as = (host.name, *host.declared.aliases, host.declared.endpoint.address)
    if not any(_is_same(text.casefold(), other) for text in known_as for other in own):
        return failed(
            f"The machine that answered for {host.name} calls itself {name_few(sorted(own))}.",
            expected=f"a machine called {name_few(known_as)}",
            found=name_few(sorted(own)) or "a machine without a name",
        )
    if host.is_new:
        return passed(f"The machine that answered for {host.name} has that name; no scan before this one read it.")
    same = search(_MARKS, lambda mark: _is_kept(host, mark))
    if same.found:
        return passed(
            f"The machine that answered for {host.name} has the same {same.found[0]} as when it was last read."
        )
    same.demand_complete_sight()
    return failed(
        f"Another machine answered for {host.name} than when it was last read: {name_few(_MARKS)} all differ.",
        expected="the machine that was last read",
        found="another machine",
    )


_MARKS = ("UUID of the hardware", "GUID of the operating system", "network card")


def _is_kept(host: Host, mark: str) -> bool:
    """Whether a mark is there now and was the same when the host was last read."""
    if mark == _MARKS[2]:
        now, before = host.fact(facts.MACHINE_MACS), host.earlier_fact(facts.MACHINE_MACS)
    else:
        key = facts.MACHINE_UUID if mark == _MARKS[0] else facts.MACHINE_GUID
        now, before = (host.fact(key) or "",), (host.earlier_fact(key) or "",)
    return bool(({text.casefold() for text in now} & {text.casefold() for text in before}) - {""})


def _is_same(text: str, other: str) -> bool:
    """Whether two names, or two addresses, mean the same; a short name equals a full one that begins with it."""
    full, short = (text, other) if len(text) > len(other) else (other, text)
    return full == short or (full.startswith(f"{short}.") and "." not in short)
