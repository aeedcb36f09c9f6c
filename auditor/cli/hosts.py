"""`osaudit hosts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.options import DEFAULT_INVENTORY, InventoryPath

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.inventory import Asked, Host, Inventory
    from auditor.transports.ssh import HostKey

app = typer.Typer(
    help="List hosts, try to read them, trust their SSH keys.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Names = Annotated[list[str] | None, typer.Argument(help="Names of hosts; all when none is given.")]


@app.command("list")
def list_hosts(inventory: InventoryPath = DEFAULT_INVENTORY) -> None:
    """List the hosts of the inventory and how each is reached."""
    from auditor.cli.printing import print_rows
    from auditor.settings.inventory import load_inventory

    loaded = load_inventory(inventory)
    # Most infrastructures have none.
    has_zones = any(asked.zone for asked in loaded.asked)
    rows = [
        (
            host.environment or "none",
            host.name,
            way_to(host),
            ", ".join(sorted(host.roles)) or "none",
            *((host.zone or "none",) if has_zones else ()),
        )
        for host in loaded.hosts
    ]
    if (api := loaded.lifetime) is not None:
        rows.append(("none", api.name, f"HTTPS {api.url}", "none", *((api.zone or "none",) if has_zones else ())))
    print_rows(("Environment", "Host", "How it is read", "Declared roles", *(("Zone",) if has_zones else ())), rows)


def way_to(host: Host) -> str:
    """Return how a host is reached, in a few words without anything secret."""
    from auditor.model.inventory import WinRMEndpoint

    endpoint = host.endpoint
    if isinstance(endpoint, WinRMEndpoint):
        scheme = "https" if endpoint.https else "http"
        return f"WinRM {scheme}://{endpoint.address}:{endpoint.port} ({endpoint.sign_in})"
    by = f" by {endpoint.bastion.address}" if endpoint.bastion else ""
    return f"SSH {endpoint.address}:{endpoint.port} ({endpoint.platform}){by}"


@app.command("ping")
def ping(context: typer.Context, names: Names = None, inventory: InventoryPath = DEFAULT_INVENTORY) -> None:
    """Sign in to hosts and say what could be read there, and what not."""
    from auditor.cli.exit_codes import ExitCode
    from auditor.cli.loading import journal_of
    from auditor.settings.inventory import load_inventory

    loaded = load_inventory(inventory)
    hosts = chosen(loaded, names)

    from auditor.cli import ping as pinging

    if not pinging.ping(hosts, loaded, journal_of(context)):
        raise typer.Exit(ExitCode.INCOMPLETE)


def chosen(inventory: Inventory, names: list[str] | None) -> list[Asked]:
    """Return those who are named, LifeTime's API among them, or all; UsageError for a name that nobody has."""
    from auditor.errors import UsageError

    if not names:
        return list(inventory.asked)
    known = {host.name.casefold(): host for host in inventory.asked}
    for name in names:
        if name.casefold() not in known:
            raise UsageError(f"The inventory has no host {name!r}; `osaudit hosts list` shows all.")
    return [known[name] for name in dict.fromkeys(name.casefold() for name in names)]


@app.command("trust")
def trust(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The name of a host that is read over SSH.")],
    inventory: InventoryPath = DEFAULT_INVENTORY,
    fingerprint: Annotated[
        str | None, typer.Option(help="Add the key without asking, but only if it has this fingerprint (SHA256:…).")
    ] = None,
) -> None:
    """Show the SSH host key of a host and, if you say so, trust it."""
    from auditor.cli.loading import journal_of, kept_journal, say, secrets_source
    from auditor.errors import UsageError
    from auditor.model.inventory import Host, SSHEndpoint
    from auditor.settings.inventory import load_inventory
    from auditor.transports import ssh
    from auditor.transports.base import Limits

    host = chosen(load_inventory(inventory), [name])[0]
    endpoint = host.endpoint if isinstance(host, Host) else None
    if not isinstance(endpoint, SSHEndpoint):
        way = "WinRM" if endpoint else "HTTPS"
        raise UsageError(f"{host.name} is read over {way} and has no SSH host key; TLS proves who it is.")
    path = ssh.known_hosts_path(endpoint.known_hosts)
    keys, limits = ssh.KeyRing(), Limits()
    say("Compare the fingerprint with what the server itself shows: ssh-keygen -lf on its public host key.")
    with kept_journal(journal_of(context)) as journal, ssh.SignInGate() as gate:
        if journal is not None:
            # The key is shown before anybody signs in.
            journal.note("host-key", host, user=None)
        witness = None if journal is None else journal.witness(host)
        if endpoint.bastion is not None:
            shown = ssh.fetch_bastion_key(host.name, endpoint.bastion, limits, gate=gate)
            _offer(f"The bastion {endpoint.bastion.address}", shown, path, None)
        secrets = secrets_source()(host)
        shown = ssh.fetch_host_key(host.name, endpoint, secrets, limits, keys=keys, gate=gate, witness=witness)
        _offer(host.name, shown, path, fingerprint)


def _offer(name: str, key: HostKey, path: Path, fingerprint: str | None) -> None:
    from auditor.errors import UsageError
    from auditor.transports.ssh import add_host_key

    typer.echo(f"{name} shows {key.type} {key.fingerprint}")
    if fingerprint is not None and fingerprint != key.fingerprint:
        raise UsageError(f"{name} does not show the fingerprint that was given; nothing was added.")
    if fingerprint is None and not typer.confirm(f"Add it to {path}?", err=True):
        raise UsageError("Nothing was added.")
    try:
        added = add_host_key(path, key)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
    typer.echo(f"Added to {path}." if added else f"It is in {path} already.")
