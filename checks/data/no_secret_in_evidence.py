from auditor.check import Host, Severity, Verdict, check, count, failed, passed


@check.per_host("DATA-013", severity=Severity.CRITICAL, sources=("HSCONF", "DESIGN"), in_cloud=True)
def no_secret_in_evidence(host: Host) -> Verdict:
    """The stored answers hold no password, key, token or connection string.

    ## Why it matters

    A store with the passwords of all environments is worth more to an attacker than any single server. Secrets must
    not leave the server; if one did, treat it as leaked.

    ## How it is decided

    Every stored answer of the host is searched for the patterns of passwords, keys, tokens and connection strings.
    The questions name only harmless values, and a second guard redacts on arrival; this is the third look. The
    finding names the question, never the value. It cannot be waived.

    ## How to fix

    1. Change the secret on the server: it is known to whoever can read the store.
    2. Delete the scan, and every copy of the store and of its reports.
    3. Report the question to the maintainers of osaudit, without the value.

    Effect on users: changing a database password needs a restart of the services in the environment.

    ## References

    - Reference of server.hsconf - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/server-hsconf-ref.md
    - Architecture of osaudit (docs/architecture.md)
    """
    questions = host.secrets_found
    if questions:
        return failed(
            f"Stored answers of {host.name} look like holding a secret: {', '.join(questions)}.",
            expected="no secret in any stored answer",
            found=count(len(questions), "suspicious answer"),
        )
    if not host.answers:
        host.demand_visit()
    return passed(f"No secret was found in {count(len(host.answers), 'stored answer')} of {host.name}.")
