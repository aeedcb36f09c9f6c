from auditor.check import Host, Role, Severity, Verdict, check, count, facts, failed, name_few, passed


@check.per_host(
    "CONF-009",
    severity=Severity.HIGH,
    sources=("HSCONF",),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "CONF-001"),
)
def secrets_are_encrypted(host: Host) -> Verdict:
    """server.hsconf has no secret in clear text.

    ## Why it matters

    Whoever reads the file, or a backup of it, has the passwords of the databases or of the platform's administrator.
    The Configuration Tool encrypts or removes them when it runs, so clear text also shows that it did not run since
    somebody edited the file: what the file says may not be what the server does.

    ## How it is decided

    Every password element that is not empty carries encrypted="true", and PlatformServerAdminPassword, which the
    Configuration Tool takes out of the file, is not there or empty. Only names and this mark are read: no password,
    not even an encrypted one, leaves the server.

    ## How to fix

    1. Run the Configuration Tool on this server and apply: it encrypts the passwords and removes that of the
       administrator.
    2. Change the passwords that stood in clear text, in the database and on all servers of the environment; copies and
       backups of the file still hold the old ones.
    3. Look after the script or the copy that put clear text into the file.

    Effect on users: running the tool restarts the services; changing passwords of the databases stops the environment
    until all servers and applications have the new ones.

    ## References

    - Reference of server.hsconf - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/server-hsconf-ref.md
    """
    # Asked for first, because a file that does not exist holds no secret either.
    configuration = host.configuration
    exposed = host.fact(facts.CLEAR_TEXT_SECRETS)
    if exposed:
        return failed(
            f"server.hsconf on {host.name} has {count(len(exposed), 'secret')} in clear text: {name_few(exposed)}.",
            expected="every password encrypted, and no PlatformServerAdminPassword",
            found=", ".join(exposed),
        )
    sections = count(len(configuration.databases), "database section")
    return passed(f"server.hsconf on {host.name}, with {sections}, has no secret in clear text.")
