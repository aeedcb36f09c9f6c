from auditor.check import (
    Host,
    Reason,
    Role,
    Row,
    Severity,
    Verdict,
    check,
    count,
    facts,
    failed,
    name_few,
    passed,
    search,
    unknown,
)

NOT_INSTALLED = ("disabled", "absent")


@check.per_host(
    "OS-005",
    severity=Severity.HIGH,
    sources=("ST-CONST", "ST-PRE"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def required_windows_features_installed(host: Host) -> Verdict:
    """The Windows features that Platform Server needs are installed.

    ## Why it matters

    Platform Server relies on parts of IIS that Windows installs one by one. What lacks shows late and far from its
    cause: without Windows authentication nobody signs in with it, without ASP.NET or ISAPI applications do not start.

    ## How it is decided

    Windows lists each feature of the table of figures as installed. Internet Information Services Manager is only
    asked for on a Windows with a desktop. A feature that waits for a restart, or that Windows does not list, is not
    decided; one that is certainly not installed fails at once.

    ## How to fix

    1. Install what is named: `Install-WindowsFeature Web-Windows-Auth` with the name given here.
    2. Restart the server if Windows asks for it.
    3. Run the Configuration Tool and let it apply the settings again.

    Effect on users: installing parts of IIS restarts it, which ends the requests of that moment; take the server out
    of the load balancer before.

    ## References

    - OutSystems.SetupTools: constants - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Lib/Constants.ps1
    - OutSystems.SetupTools: Get-OSServerPreReqs - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Get-OSServerPreReqs.ps1
    """
    version, listed = host.installed_platform, host.fact(facts.OS_FEATURES)
    needed = {row.value("feature", str): row for row in host.figures("windows_features").all_at(version)}
    states = {feature.name.casefold(): feature.state for feature in listed}
    missing = search(needed, lambda feature: _is_missing(host, needed[feature], states))
    if missing.found:
        return failed(
            f"{host.name} lacks {count(len(missing.found), 'Windows feature')} that Platform Server {version} needs: "
            f"{name_few(missing.found)}.{missing.unseen_note}",
            expected="all features installed",
            found=f"not installed: {missing.names}",
        )
    missing.demand_complete_sight()
    return passed(f"{host.name} has all Windows features that Platform Server {version} needs.")


def _is_missing(host: Host, row: Row, states: dict[str, str]) -> bool:
    state = states.get(row.value("dism", str).casefold())
    if state == "enabled" or (row.value("desktop", bool) and not host.fact(facts.OS_HAS_DESKTOP)):
        return False
    if state not in NOT_INSTALLED:
        feature = row.value("feature", str)
        why = "does not list it" if state is None else "does not say; it may wait for a restart"
        unknown(Reason.CONTRADICTORY, f"Whether {feature} is installed on {host.name} is not decided: Windows {why}.")
    return True
