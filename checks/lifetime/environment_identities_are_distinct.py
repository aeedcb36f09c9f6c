from auditor.check import (
    Infrastructure,
    Reason,
    Severity,
    Verdict,
    alike,
    check,
    count,
    failed,
    name_few,
    passed,
    plain_host,
    unknown,
)

KINDS = {
    "key": lambda item: item.key,
    "name": lambda item: item.name.strip().casefold(),
    "host name": lambda item: plain_host(item.host_name or ""),
}


@check.per_infrastructure("LT-020", severity=Severity.HIGH, sources=("CLONE",))
def environment_identities_are_distinct(infrastructure: Infrastructure) -> Verdict:
    """Registered environments have identities of their own.

    ## Why it matters

    A database that was copied and not cleaned carries the identity of its source. LifeTime then takes two environments
    for one, and a deployment can reach the servers of the wrong one.

    ## How it is decided

    No two environments that LifeTime lists have the same key, the same name or the same host name. Case, a port and a
    dot at the end of a host name do not count.

    LifeTime's API is the witness; without it the verdict is unknown with that cause.

    ## How to fix

    1. Find out which of the two environments is the copy.
    2. Clean its database as the vendor's guide says, among others the front-ends and the registration in LifeTime.
    3. Register the copy again under a name of its own.

    Effect on users: the copy is not available while it is cleaned; do not deploy to either before.

    ## References

    - Migrate an environment using a database clone - https://github.com/OutSystems/docs-product/blob/main/src/manage-platform-app-lifecycle/migrate-db-clone.md
    """
    listed = infrastructure.lifetime.environments
    shared = [
        f"{kind} of {' and '.join(item.name for item in same)}"
        for kind, identity in KINDS.items()
        for same in alike(listed, identity)
    ]
    if shared:
        return failed(
            "Environments of LifeTime share an identity.",
            expected="key, name and host name of each environment its own",
            found=name_few(shared),
        )
    if not listed or any(not item.host_name for item in listed):
        unknown(Reason.PARSE_ERROR, "LifeTime does not tell the host name of every environment.")
    return passed(f"{count(len(listed), 'environment')}, each with key, name and host name of its own.")
