from auditor.check import Environment, Host, Purpose, Severity, Verdict, check, count, facts, failed, passed, search

# The web applications of the platform itself, by their path in IIS: the services, the consoles, and the system
# components that the vendor's diagnostic tool expects in every environment (OSDiagTool, PlatformDBIntegrity.cs, 2024).
SYSTEM_NAMES = """
server.api server.identity servicecenter adauthprovider appfeedbackapi appfeedbackplugin chartingservicescore
dbcleaner_api ect_provider epa_taskbox ldapauthprovider nativeappbuilder performancemonitor performanceprobe
previewindevices restdevservice richwidgets sapdevservice securityutils soapdevservice templatemanager users
usersservices
"""
SYSTEM = frozenset(SYSTEM_NAMES.split())
SHOWN = 10


@check.per_environment(
    "TOPO-008",
    severity=Severity.MEDIUM,
    sources=("LTCONF", "UPGLT"),
    purposes=frozenset({Purpose.LIFETIME}),
)
def lifetime_environment_carries_no_business_application(environment: Environment) -> Verdict:
    """The LifeTime environment carries no business application.

    ## Why it matters

    An environment that also runs applications is dedicated to LifeTime in name only: their load, faults and
    deployments reach the console that all environments depend on, and a LifeTime upgrade stops them.

    ## How it is decided

    The applications that IIS serves on the LifeTime servers are compared with LifeTime's own (their names begin with
    LifeTime), the platform's services and system components, and the list `lifetime_applications_allowed` of the
    reference. Site roots and other web sites outside the install folder do not count. Plugins of LifeTime are
    legitimate but cannot be recognised by name, and the list of system components grows with versions: put yours on
    the list of the reference. The application list of Service Center would be a second witness and is not read yet.

    ## How to fix

    1. For each name decide: plugin or support component, or business application.
    2. Add plugins and support components to `lifetime_applications_allowed` in the reference.
    3. Move business applications to an application environment and delete them here.

    Effect on users: those of a moved application get a new address; all others notice nothing.

    ## References

    - Configure the infrastructure management console - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/lifetime-configure.md
    - Upgrade LifeTime management console - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/upgrade/upgrade-lifetime.md
    """
    allowed = SYSTEM | {name.casefold() for name in environment.infrastructure.reference.lifetime_applications_allowed}
    servers = environment.find_servers()
    busy = search(servers.found, lambda host: bool(_foreign(host, allowed)))
    if busy.found:
        names = sorted({name for host in busy.found for name in _foreign(host, allowed)}, key=str.casefold)
        shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        return failed(
            f"{environment.name} also carries {shown} (on {busy.names}).{busy.unseen_note}",
            expected="only LifeTime, its plugins, and the platform's own applications",
            found=count(len(names), "further application"),
            lasting=", ".join(names),
        )
    busy.demand_complete_sight()
    servers.demand_complete_sight()
    return passed(f"{environment.name} ({servers.names}) carries only LifeTime and the platform's own applications.")


def _foreign(host: Host, allowed: frozenset[str]) -> list[str]:
    folder = (host.fact(facts.PLATFORM_FOLDER) or "").casefold().rstrip("\\")
    names = []
    for application in host.fact(facts.IIS_APPLICATIONS):
        name = application.path.strip("/")
        inside = bool(folder) and application.physical_path.casefold().startswith(f"{folder}\\")
        if not name or not (inside or application.site.casefold() == "default web site"):
            continue
        if name.casefold() not in allowed and not name.casefold().startswith("lifetime"):
            names.append(name)
    return names
