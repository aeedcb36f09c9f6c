from collections import defaultdict

from auditor.check import (
    Environment,
    Host,
    Severity,
    Verdict,
    check,
    failed,
    name_few,
    not_applicable,
    passed,
    search,
)

SECTIONS = {
    "PlatformDatabaseConfiguration": "platform",
    "LoggingDatabaseConfiguration": "log",
    "SessionDatabaseConfiguration": "session",
}
FIRST_WITH_LOG_DATABASE = 11


@check.per_environment("DB-004", severity=Severity.HIGH, sources=("INFRARCH", "HSCONF"))
def three_databases_configured(environment: Environment) -> Verdict:
    """Platform, log and session database are configured in every environment.

    ## Why it matters

    Version 11 keeps modules and data, logs, and sessions in three databases, so that a flood of log entries fills its
    own and not the one that the applications live on. A server that does not know one of them cannot write its logs or
    keep its sessions, and nothing of what happens on it can be looked up.

    ## How it is decided

    server.hsconf of every controller and front-end names a server and a catalog (with Oracle a service or a schema) in
    its platform, log and session section. One server that lacks one fails at once; a pass needs every server. Whether
    the three are the same on all servers is CONF-005. Platform Server 10 and older have no log database of their own:
    the check does not apply to them (see VER-001).

    ## How to fix

    1. See whether the other servers of the environment name the missing database.
    2. If so, export the controller's configuration and import it on the server that lacks it.
    3. If not, create the database, enter it in the Configuration Tool of the controller, let the tool create its
       tables, and apply the same on all front-ends.

    Effect on users: applying restarts the services; with a new session database all users sign in again.

    ## References

    - Infrastructure architecture and deployment options - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/infra-architecture/infra-architecture.md
    - Reference of server.hsconf - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/server-hsconf-ref.md
    """
    servers = environment.find_servers()
    lacking = search(servers.found, lambda host: bool(_missing(host)) and _has_log_database(host))
    if lacking.found:
        by_missing = defaultdict(list)
        for host in lacking.found:
            by_missing[_missing(host)].append(host.name)
        listed = "; ".join(f"no {' and no '.join(names)} on {name_few(hosts)}" for names, hosts in by_missing.items())
        return failed(
            f"server.hsconf does not name all three databases of {environment.name}: {listed}."
            f"{servers.unseen_note}{lacking.unseen_note}",
            expected="a server and a catalog for platform, log and session database",
            found=listed,
        )
    servers.demand_complete_sight()
    lacking.demand_complete_sight()
    older = [host for host in servers.found if _missing(host)]
    if older:
        sentence = f"{older[0].name} has Platform Server {older[0].installed_platform}: three databases came with 11."
        return not_applicable(sentence, because_of="VER-001")
    databases = servers.found[0].configuration.databases
    listed = ", ".join(
        f"{section.catalog} on {section.server} ({SECTIONS[section.section]})"
        for section in databases
        if section.section in SECTIONS
    )
    return passed(f"{servers.names} {'names' if len(servers.found) == 1 else 'name'} all three databases: {listed}.")


def _missing(host: Host) -> tuple[str, ...]:
    named = {section.section for section in host.configuration.databases if section.server and section.catalog}
    return tuple(f"{word} database" for section, word in SECTIONS.items() if section not in named)


def _has_log_database(host: Host) -> bool:
    return host.installed_platform.parts[0] >= FIRST_WITH_LOG_DATABASE
