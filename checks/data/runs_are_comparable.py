from auditor.check import Infrastructure, Reason, Severity, Verdict, check, failed, not_applicable, passed, unknown


@check.per_infrastructure("DATA-014", severity=Severity.LOW, sources=("DESIGN",))
def runs_are_comparable(infrastructure: Infrastructure) -> Verdict:
    """The scan before was judged by the same rules and against the same reference.

    ## Why it matters

    What differs between two scans is read as what happened to the servers. When the rules or the reference changed in
    between, findings come and go although nobody touched a server, and a real change may drown among them.

    ## How it is decided

    Two digests of this scan must equal those of the last complete scan of the same infrastructure before it: that of
    the rules (all files of checks and their tables of figures) and that of the reference. The first scan has nothing
    to compare with. A digest that one of the two scans does not have makes the answer unknown.

    ## How to fix

    1. If the rules changed, judge the scan before by the rules of today, `osaudit evaluate` with its number (see
       `osaudit scans`), and then this one again with `osaudit evaluate`. No server is contacted; give both the same
       `--waivers`, and the same `--checks` if you have checks of your own.
    2. If the reference changed, know that judging again keeps the reference with which a scan was made: compare the
       next scan with this one instead.
    3. Compare the two with `osaudit diff`: it marks what rules or reference may have changed.

    Effect on users: none.

    ## References

    - Architecture of osaudit (docs/architecture.md)
    """
    before = infrastructure.scan_before
    if before is None:
        return not_applicable("No complete scan was before this one: there is nothing to compare with.")
    digests = {
        "rules": (before.rules, infrastructure.rules),
        "reference": (before.reference, infrastructure.reference.digest),
    }
    different = [name for name, (then, now) in digests.items() if then and now and then != now]
    if different:
        changed = " and ".join(different)
        return failed(
            f"The {changed} changed since the scan before: changes of findings since then may come from that and not "
            "from the servers.",
            expected="; ".join(f"{name} {digests[name][0]}, as in the scan before" for name in different),
            found="; ".join(f"{name} {digests[name][1]}" for name in different),
        )
    if without := [name for name, pair in digests.items() if not all(pair)]:
        unknown(Reason.NOT_ASKED, f"No digest says whether the {' and '.join(without)} changed since the scan before.")
    return passed("The scan before was judged by the same rules and against the same reference.")
