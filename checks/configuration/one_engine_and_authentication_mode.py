from auditor.check import Host, Reason, Role, Severity, Verdict, check, facts, failed, not_applicable, passed, unknown

SECTIONS = ("PlatformDatabaseConfiguration", "LoggingDatabaseConfiguration", "SessionDatabaseConfiguration")
FIRST_WITH_LOG_DATABASE = 11


@check.per_host(
    "CONF-007",
    severity=Severity.HIGH,
    sources=("HSCONF", "SYSREQ"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "CONF-001"),
)
def one_engine_and_authentication_mode(host: Host) -> Verdict:
    """The three databases of a server are of one engine and authenticated in one way.

    ## Why it matters

    Platform, log and session database must be of the same maker: a mixed installation is not supported, and no upgrade
    was tested with it. With two ways of signing in, the services and the application pools would need two sorts of
    accounts at once; sooner or later one of the three databases refuses them.

    ## How it is decided

    In server.hsconf the provider, and for SQL Server and Azure SQL the authentication mode, are equal in the platform,
    log and session section. Capital letters do not count. Two that differ fail at once. A pass needs all three sections
    with their values; a section that is missing is told by DB-004. Oracle has no authentication mode to compare.
    Platform Server 10 and older have no log section, so that there the check does not apply (see VER-001).

    ## How to fix

    1. Look at the sentence: which section stands apart, and which of the values did you choose?
    2. For another authentication mode, open the Configuration Tool, set the section like the others, test the
       connection and apply; repeat this on all servers of the environment.
    3. For another engine, create the missing database on the engine of the platform database first. Logs and sessions
       of the old one are not carried over.

    Effect on users: applying restarts the services; with a new session database all users sign in again.

    ## References

    - Reference of server.hsconf - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/unattended-install/server-hsconf-ref.md
    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    """
    sections = {section.section: section for section in host.configuration.databases}
    told = {name: sections[name] for name in SECTIONS if name in sections}
    providers = {name: section.provider for name, section in told.items()}
    modes = {name: section.authentication for name, section in told.items() if not _is_oracle(section)}
    mixed = {what: values for what, values in (("engines", providers), ("authentication modes", modes))
             if len({value.casefold() for value in values.values() if value}) > 1}  # fmt: skip
    if mixed:
        listed = "; ".join(_listed(values) for values in mixed.values())
        return failed(
            f"The databases of {host.name} have different {' and '.join(mixed)}: {listed}.",
            expected="one engine and one authentication mode in platform, log and session section",
            found=listed,
        )
    missing = [_short(name) for name in SECTIONS if name not in told]
    if missing and host.installed_platform.parts[0] < FIRST_WITH_LOG_DATABASE:
        sentence = f"{host.name} has Platform Server {host.installed_platform}: three databases came with 11."
        return not_applicable(sentence, because_of="VER-001")
    if missing:
        sentence = f"server.hsconf of {host.name} has no section for {' and '.join(missing)} (see DB-004)."
        unknown(Reason.CONTRADICTORY, sentence)
    unnamed = [_short(name) for name in SECTIONS if not providers[name] or not modes.get(name, "none needed")]
    if unnamed:
        sentence = f"server.hsconf of {host.name} does not name engine or authentication mode of {', '.join(unnamed)}."
        unknown(Reason.PARSE_ERROR, sentence)
    platform = told[SECTIONS[0]]
    mode = "" if _is_oracle(platform) else f" with {platform.authentication}"
    return passed(f"All three databases of {host.name} are {platform.provider}{mode}.")


def _is_oracle(section: facts.DatabaseSection) -> bool:
    return section.provider.casefold() == "oracle"


def _listed(values: dict[str, str]) -> str:
    return ", ".join(f"{value or 'nothing'} ({_short(name)})" for name, value in values.items())


def _short(section: str) -> str:
    return section.removesuffix("DatabaseConfiguration").lower()
