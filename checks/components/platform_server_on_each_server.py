from auditor.check import ComponentKind, Host, Role, Severity, State, Verdict, check, facts, failed, passed


@check.per_host(
    "COMP-001",
    severity=Severity.CRITICAL,
    sources=("SEED", "INFRARCH", "ST-INFO"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
)
def platform_server_on_each_server(host: Host) -> Verdict:
    """Platform Server is installed on every controller and front-end.

    ## Why it matters

    Platform Server is what makes a Windows server a part of an OutSystems environment. A declared server without it
    compiles nothing, serves nothing, and takes no load when another one fails.

    ## How it is decided

    On every host declared as controller or front-end, the installer's registry values for version and folder exist,
    and the folder exists. Traces that an uninstallation left behind are not an installation. Where the folder could
    not be looked at, services that are registered inside it are the witness instead. A host in an environment without
    any declared role gives unknown (not-declared).

    ## How to fix

    1. If the server was retired or has another purpose, correct the inventory.
    2. Otherwise install the same Platform Server version as on the other servers of the environment, on a clean
       server, with the controller's private.key and configuration.
    3. Start the services and publish, so that the applications are deployed to it.

    Effect on users: none while the server is outside the load balancer; put it back only after the deployment.

    ## References

    - Possible setups for an OutSystems infrastructure - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/intro.md
    - Infrastructure architecture and deployment options - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/possible-setups/infra-architecture/infra-architecture.md
    - OutSystems.SetupTools: Get-OSServerInfo - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Get-OSServerInfo.ps1
    """
    component = host.component(ComponentKind.PLATFORM_SERVER)
    if not component.can_run:
        traces = (
            "only traces of a removed Platform Server" if component.state is State.LEFTOVER else "no Platform Server"
        )
        return failed(
            f"{host.name} is declared as {_roles(host)}, but has {traces}.",
            expected="Platform Server installed",
            found=traces,
        )
    version, folder = host.fact(facts.PLATFORM_VERSION), host.fact(facts.PLATFORM_FOLDER)
    if not version or not folder:
        return failed(
            f"Platform Server on {host.name} is not registered: the installer's value for "
            f"{'the folder' if version else 'the version'} is missing.",
            expected="installer values for version and folder",
            found=f"version {version or 'missing'}, folder {folder or 'missing'}",
        )
    if component.state is not State.PRESENT and not host.fact(facts.PLATFORM_FOLDER_EXISTS):
        return failed(
            f"Platform Server {version} is registered on {host.name}, but its folder {folder} does not exist.",
            expected=f"the folder {folder}",
            found="no such folder",
        )
    return passed(f"{host.name} has Platform Server {version}.")


def _roles(host: Host) -> str:
    return " and ".join(sorted(role.value for role in host.roles))
