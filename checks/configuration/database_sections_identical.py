import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping

from auditor.check import (
    Environment,
    Host,
    Reason,
    Severity,
    Verdict,
    check,
    facts,
    failed,
    name_few,
    not_applicable,
    passed,
    search,
    unknown,
)


@check.per_environment("CONF-005", severity=Severity.CRITICAL, sources=("FEREG",))
def database_sections_identical(environment: Environment) -> Verdict:
    """The database sections of server.hsconf are identical on all servers.

    ## Why it matters

    A front-end that registers compares its connection to the database with the controller's, letter by letter. One
    other spelling, even of a name for which the database does not care, keeps its Deployment Service and Scheduler
    Service from starting: the server gets no new version of any application, and its timers stand still.

    ## How it is decided

    Platform, log and session section of server.hsconf are equal character by character, capital letters included, on
    all controllers and front-ends of the environment: provider, server, catalog or service, authentication, and the
    names of the users. Passwords and advanced settings are not read. Two servers that differ fail at once, and each
    value that differs is named with its servers. A pass needs every server. An environment with a single server has
    nothing to compare.

    ## How to fix

    1. Open the Configuration Tool on the deployment controller and export its configuration.
    2. Take the server that differs out of the load balancer, import the file there, correct the address under which
       the front-end registers, and apply.
    3. Restart the OutSystems services, see that they stay running, publish to the server, and put it back.

    Effect on users: none as long as the remaining front-ends carry the load.

    ## References

    - Unable to register a front-end server - https://github.com/OutSystems/docs-support/blob/main/src/enterprise/troubleshooting/unable-register-front-end.md
    """
    if len(environment.platform_hosts) == 1:
        return not_applicable(f"{environment.name} has a single server, so there is nothing to compare.")
    servers = environment.find_servers()
    told = search(servers.found, lambda host: bool(_values(host)))
    differing = _differing({host.name: _values(host) for host in told.found})
    if differing:
        listed = "; ".join(differing)
        return failed(
            f"The servers of {environment.name} differ in their database sections: {listed}."
            f"{servers.unseen_note}{told.unseen_note}",
            expected="the same database sections on all servers, capital letters included",
            found=listed,
        )
    servers.demand_complete_sight()
    told.demand_complete_sight()
    if len(told.found) == 1:
        return not_applicable(f"Only {told.names} in {environment.name} has Platform Server: nothing to compare.")
    sections = ", ".join(dict.fromkeys(_short(section) for section, _ in _values(told.found[0])))
    return passed(f"The database sections ({sections}) are identical on {told.names}.")


def _values(host: Host) -> dict[tuple[str, str], str]:
    """Return the values of all sections by section and name; a value that the file does not have is `nothing`."""
    databases = host.configuration.databases
    if not databases:
        unknown(Reason.PARSE_ERROR, f"server.hsconf of {host.name} has no database section.")
    names = [field.name for field in dataclasses.fields(facts.DatabaseSection) if field.name != "section"]
    return {(each.section, name): _quoted(getattr(each, name)) for each in databases for name in names}


def _quoted(value: str | None) -> str:
    return f"'{value}'" if value else "nothing"


def _differing(values: Mapping[str, Mapping[tuple[str, str], str]]) -> list[str]:
    """Tell each value that differs, what is the same for several sections once."""
    sections_of: dict[tuple[str, str], list[str]] = defaultdict(list)
    for section, name in dict.fromkeys(place for each in values.values() for place in each):
        by_value: dict[str, list[str]] = defaultdict(list)
        for host, each in values.items():
            by_value[each.get((section, name), "nothing")].append(host)
        if len(by_value) > 1:
            sections_of[name, _told(by_value.items())].append(_short(section))
    return [
        f"{name.replace('_', ' ')} ({', '.join(sections)}) {told}" for (name, told), sections in sections_of.items()
    ]


def _told(by_value: Iterable[tuple[str, list[str]]]) -> str:
    commonest_first = sorted(by_value, key=lambda item: (-len(item[1]), item[0]))
    return " but ".join(f"{value} on {name_few(hosts)}" for value, hosts in commonest_first)


def _short(section: str) -> str:
    return section.removesuffix("DatabaseConfiguration").lower()
