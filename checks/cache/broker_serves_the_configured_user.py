from collections import defaultdict

from auditor.check import (
    ComponentKind,
    Host,
    Platform,
    Reason,
    Severity,
    Sighting,
    State,
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

# Other patterns may match every name too; whether they do is not judged.
EVERYTHING = (".*", "^.*", ".*$", "^.*$")


@check.per_host("CACHE-001", severity=Severity.HIGH, sources=("CACHE-TS",))
def broker_serves_the_configured_user(host: Host) -> Verdict:
    """The cache broker runs and has the configured virtual host and user.

    ## Why it matters

    The servers sign in to the broker with the user of server.hsconf and talk in its virtual host. If one of the two is
    missing, or a right of the user, no server learns that cached data have changed: the services seem to run, and
    users see old data on some servers.

    ## How it is decided

    On every host of an environment that has RabbitMQ: it runs; the virtual host that server.hsconf names exists, letter
    by letter; and its user has the rights to configure, write and read everything there (`.*`). This holds for every
    server of the environment that names this broker; servers of other environments are not looked at. Another pattern
    than `.*` may allow everything too, so it gives unknown; an empty one allows nothing and fails. The broker itself is
    asked on Linux only, by `rabbitmqctl`, and only where the account is root or rabbitmq. On Windows osaudit starts no
    program, and there is no other witness yet: a broker that runs there gives unknown (source-not-configured), never
    pass. A broker that no server of its environment names is not
    judged.

    ## How to fix

    1. If the broker does not run, see SVC-007.
    2. Create the cache invalidation service again in the Configuration Tool, on the server that runs the broker: this
       makes virtual host and user. For a broker on a host of its own use `rabbitmqctl add_vhost`,
       `rabbitmqctl add_user` and `rabbitmqctl set_permissions -p <virtual host> <user> ".*" ".*" ".*"`.
    3. Enter the same virtual host, user and password in the Configuration Tool of every server, and apply.
    4. On Windows look yourself, in the folder of RabbitMQ, as administrator: `rabbitmqctl list_vhosts` and
       `rabbitmqctl list_permissions -p <virtual host>`.

    Effect on users: none; from then on they see changed data on all servers again.

    ## References

    - Manage and troubleshoot cache invalidation - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/cache-invalidation/manage-troubleshoot.md
    """
    broker = host.component(ComponentKind.RABBITMQ)
    if host.environment is None or not broker.can_run:
        return not_applicable(f"{host.name} is no cache broker of an environment.")
    if broker.state is State.BROKEN:
        return failed(
            f"RabbitMQ on {host.name} does not run, so it has no virtual host for anybody.",
            expected="a running broker",
            found="RabbitMQ that does not run",
        )
    users = _users(host)
    if not users.found:
        users.demand_complete_sight()
        return not_applicable(f"No server of {host.environment.name} names {host.name} as its cache broker.")
    if host.fact(facts.OS_FAMILY) != Platform.LINUX:
        unknown(
            Reason.SOURCE_NOT_CONFIGURED,
            f"Only RabbitMQ on {host.name} itself tells what it has, and osaudit starts no program on Windows: look "
            "with rabbitmqctl.",
        )
    wrong = search(users.found, lambda server: _flaw(host, server) is not None)
    if wrong.found:
        servers_by_flaw: dict[str, list[str]] = defaultdict(list)
        for server in wrong.found:
            servers_by_flaw[_flaw(host, server) or ""].append(server.name)
        told = "; ".join(f"{flaw} (server.hsconf of {name_few(names)})" for flaw, names in servers_by_flaw.items())
        return failed(
            f"RabbitMQ on {host.name} {told}.{wrong.unseen_note}",
            expected="the configured virtual host, and all rights on it for the configured user",
            found=f"a broker that {'; '.join(servers_by_flaw)}",
        )
    for sighting in (wrong, users):
        sighting.demand_complete_sight()
    host.proved(ComponentKind.RABBITMQ)
    served = name_few(server.name for server in users.found)
    return passed(f"RabbitMQ on {host.name} runs, and has virtual host and user of {served}.")


def _users(broker: Host) -> Sighting[Host]:
    """Find the servers of its environment that name this broker."""
    own = broker.environment
    assert own is not None
    servers = search(own.platform_hosts, lambda host: host.has_platform_server)
    users = search(servers.found, lambda host: _names(host, broker))
    return Sighting(users.found, (*users.unseen, *servers.unseen))


def _names(host: Host, broker: Host) -> bool:
    named, environment = host.configuration.cache_host, host.environment
    if not named or environment is None:
        return False
    return environment.infrastructure.host_called(named, seen_from=host).name == broker.name


def _flaw(broker: Host, server: Host) -> str | None:
    """Say what the broker lacks for a server; None where it has all."""
    configuration = server.configuration
    name, user = configuration.cache_virtual_host, configuration.cache_user
    for what, value in (("virtual host", name), ("user", user)):
        if not value:
            unknown(Reason.CONTRADICTORY, f"server.hsconf of {server.name} names a cache broker, but no {what} on it.")
        if not value.isascii():
            unknown(Reason.PARSE_ERROR, f"The {what} in server.hsconf of {server.name} has letters that may get lost.")
    hosts = broker.fact(facts.VIRTUAL_HOSTS)
    if hosts is None:
        unknown(Reason.CONTRADICTORY, f"RabbitMQ runs on {broker.name}, but there is no rabbitmqctl to ask it with.")
    virtual_host = next((item for item in hosts if item.name == name), None)
    if virtual_host is None:
        return f"has no virtual host {name}"
    if virtual_host.permissions is None:
        unknown(Reason.NOT_ASKED, f"The permissions on virtual host {name} of {broker.name} could not be listed.")
    row = next((item for item in virtual_host.permissions if item.user == user), None)
    if row is None:
        return f"gives the configured user no right on {name}"
    rights = {"configure": row.configure, "write": row.write, "read": row.read}
    if lacking := [right for right, pattern in rights.items() if not pattern]:
        return f"does not let the configured user {' and '.join(lacking)} on {name}"
    for right, pattern in rights.items():
        if pattern not in EVERYTHING:
            sentence = f"The right to {right} on {name} is for names like {pattern}; whether that is all is not judged."
            unknown(Reason.CONTRADICTORY, sentence)
    return None
