from auditor.check import Host, Reason, Role, Severity, Verdict, check, facts, failed, passed, search, unknown

FILES = {"server.hsconf": facts.CONFIGURATION_FILE_EXISTS, "private.key": facts.PRIVATE_KEY_EXISTS}


@check.per_host(
    "COMP-010",
    severity=Severity.CRITICAL,
    sources=("FRONTEND", "HSCONF", "DIAG-FILES"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001",),
)
def configuration_and_key_present(host: Host) -> Verdict:
    """server.hsconf and private.key are present and readable.

    ## Why it matters

    server.hsconf tells a server its controller and databases; private.key opens the passwords in it and in the
    database. Without either the server does not start, and no server of the environment can be rebuilt.

    ## How it is decided

    Both files are in the install folder; server.hsconf could be parsed, and a keyed digest of private.key could be
    taken on the server. The key itself and the passwords never leave the server. One missing file fails at once.

    ## How to fix

    1. If private.key is missing, copy it from the controller of the same environment, or restore it from a backup. Do
       not let the Configuration Tool make a new one: the old passwords could not be opened any more.
    2. If server.hsconf is missing, run the Configuration Tool with the settings of the controller.
    3. Restart the OutSystems services, and put both files into the backup.

    Effect on users: restarting the services interrupts publishing and timers for a minute.

    ## References

    - Add a new front-end server to your environment - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/install/add-front-end/add-front-end.md
    - Reference of server.hsconf - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/server-hsconf-ref.md
    - OSDiagTool: platform files - https://github.com/OutSystems/techsupp-osdiagtool/blob/HEAD/OSDiagTool/Platform/PlatformFilesHelper.cs
    """
    missing = search(tuple(FILES), lambda name: not host.fact(FILES[name]))
    if missing.found:
        return failed(
            f"{missing.names} is missing on {host.name}.",
            expected="server.hsconf and private.key in the install folder",
            found=f"no {missing.names}",
        )
    missing.demand_complete_sight()
    # Asked for, because only a file that can be parsed is of use.
    controller = host.configuration.controller_host
    if host.fact(facts.PRIVATE_KEY_DIGEST) is None:
        unknown(Reason.CONTRADICTORY, f"private.key on {host.name} exists, but no digest of it could be taken.")
    return passed(f"{host.name} has server.hsconf (controller {controller or 'not named'}) and private.key.")
