from auditor.check import NOT_XML, Host, Outcome, Role, Severity, Unknowable, Verdict, check, failed, passed

QUESTION = "server_configuration.content"


@check.per_host(
    "CONF-001",
    severity=Severity.HIGH,
    sources=("HSCONF",),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
    blinds=True,
)
def server_configuration_readable(host: Host) -> Verdict:
    """server.hsconf is readable and has the documented structure.

    ## Why it matters

    server.hsconf tells a server its controller, broker and databases. If it is damaged, the services do not come up
    after the next restart, and everything else that this audit says about the configuration rests on it.

    ## How it is decided

    The file could be opened and parsed, names a deployment controller, and has a section for the platform database.
    It fails if the server opened the file and found no XML, or if one of these two parts is proved to be missing. A
    file that could not be opened is unknown, and so is one that does not exist: that is the finding COMP-010. Where
    this check does not pass, the other checks of the file are unknown.

    ## How to fix

    1. If the answer was denied, give the audit account read access to the install folder.
    2. If the file is damaged, keep a copy of it, and restore the file from a backup or export it from the controller.
    3. Open the Configuration Tool, look through every tab, and apply; the services restart.

    Effect on users: restarting the services interrupts publishing and timers for a minute.

    ## References

    - Reference of server.hsconf - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/server-hsconf-ref.md
    """
    try:
        configuration = host.configuration
    except Unknowable:
        if not _is_no_xml(host):
            raise
        return failed(
            f"server.hsconf on {host.name} is there, but it is no XML, so nobody can read the configuration.",
            expected="an XML file with the root EnvironmentConfiguration",
            found="no XML",
        )
    has_database = any(part.section == "PlatformDatabaseConfiguration" for part in configuration.databases)
    parts = {"CompilerServerHostname": configuration.controller_host, "PlatformDatabaseConfiguration": has_database}
    lacking = " and ".join(name for name, present in parts.items() if not present)
    if lacking:
        return failed(
            f"server.hsconf on {host.name} is XML, but lacks {lacking}.",
            expected="a controller and a platform database",
            found=f"no {lacking}",
        )
    return passed(f"server.hsconf on {host.name} could be parsed; its controller is {configuration.controller_host}.")


def _is_no_xml(host: Host) -> bool:
    """Whether the server itself proves it: any other failure may have stopped it before it saw the file."""
    answers = [answer for answer in host.answers if answer.question == QUESTION]
    return any(answer.outcome is Outcome.FAILED and answer.detail == NOT_XML for answer in answers)
