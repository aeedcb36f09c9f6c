from itertools import combinations

from auditor.check import (
    Host,
    Infrastructure,
    Reason,
    Severity,
    Verdict,
    check,
    count,
    database_catalogs,
    facts,
    failed,
    is_same_catalog,
    lacks_schema,
    name_few,
    not_applicable,
    passed,
    search,
    unknown,
)


@check.per_infrastructure("DB-005", severity=Severity.CRITICAL, sources=("INFRARCH",))
def catalogs_not_shared_between_environments(infrastructure: Infrastructure) -> Verdict:
    """Every database catalog is used by one environment only.

    ## Why it matters

    An environment is what stands in its catalogs. Two environments in one catalog are one environment that nobody
    planned: what is published in the one appears in the other, timers run twice, and a test changes the data of
    Production. It happens when a server is set up with the configuration file of another environment.

    ## How it is decided

    Server and catalog of the platform, log and session section of server.hsconf are compared between all environments
    on servers of yours, without regard to capital letters, with and without domain; an alias in DNS is not resolved.
    Sharing the database server is allowed. With Oracle the service and the owner of the schema are compared; where the
    file does not name the owner, one service in two environments gives unknown. Two that share fail at once; a pass
    needs every server of every environment. For LifeTime TOPO-007 says the same, with its own remedy.

    ## How to fix

    1. Stop the OutSystems services of the environment that came later, before it publishes anything more.
    2. Look in Service Center for servers, timers and modules that belong to the other environment.
    3. Create catalogs of its own for it, install it afresh against them, and deploy its applications to it.
    4. Have OutSystems support look at the catalog that both used: records of the wrong environment may remain.

    Effect on users: the environment that is installed afresh does not answer until its applications are deployed, and
    data that was entered through it stays in the other environment's catalog.

    ## References

    - Infrastructure architecture and deployment options - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/infra-architecture/infra-architecture.md
    """
    environments = infrastructure.on_premises
    if len(environments) < 2:
        return not_applicable("Fewer than two environments run on servers of ours, so none shares a catalog.")
    hosts = [host for environment in environments for host in environment.platform_hosts]
    readable = search(hosts, lambda host: host.has_platform_server and bool(database_catalogs(host)))
    uses: dict[str, list[_Use]] = {environment.name: [] for environment in environments}
    for host in readable.found:
        if host.environment is not None:
            _enter(host, uses[host.environment.name])
    sharing, doubtful = [], []
    for (first, mine), (second, theirs) in combinations(uses.items(), 2):
        pairs = [(one, other) for one in mine for other in theirs if is_same_catalog(one.section, other.section)]
        proved = [(one, other) for one, other in pairs if not lacks_schema(one.section)]
        doubtful += [one.section.catalog for one, other in pairs if (one, other) not in proved]
        if proved:
            users = (_users(first, [one for one, _ in proved]), _users(second, [other for _, other in proved]))
            sharing.append(f"{' and '.join(users)} use {name_few(one.told for one, _ in proved)}")
    if sharing:
        return failed(
            f"Environments share database catalogs: {'; '.join(sharing)}.{readable.unseen_note}",
            expected="catalogs that only one environment uses",
            found="; ".join(sharing),
        )
    for environment in environments:
        environment.demand_hosts()
    readable.demand_complete_sight()
    if doubtful:
        sentence = f"Two environments use the Oracle service {doubtful[0]}; which schema each uses is not known."
        unknown(Reason.SOURCE_NOT_CONFIGURED, sentence)
    using = [name for name, entered in uses.items() if entered]
    if len(using) < 2:
        only = f"Only {using[0]}" if using else "No environment"
        return not_applicable(f"{only} has Platform Server, so none shares a catalog.", because_of="COMP-001")
    number = sum(len(entered) for entered in uses.values())
    return passed(f"{', '.join(using)} use {count(number, 'catalog')}, and none of these in common.")


class _Use:
    """A catalog that an environment uses, with the servers that name it."""

    def __init__(self, section: facts.DatabaseSection) -> None:
        self.section = section
        self.hosts: list[str] = []

    @property
    def told(self) -> str:
        return f"{self.section.catalog} on {self.section.server}"


def _enter(host: Host, uses: list[_Use]) -> None:
    """Enter the catalogs of a server; all servers of an environment name the same, so each is kept once."""
    for section in database_catalogs(host):
        use = next((use for use in uses if is_same_catalog(use.section, section)), None)
        if use is None:
            use = _Use(section)
            uses.append(use)
        use.hosts.append(host.name)


def _users(environment: str, uses: list[_Use]) -> str:
    return f"{environment} ({name_few(host for use in uses for host in use.hosts)})"
