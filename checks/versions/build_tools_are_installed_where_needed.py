import re

from auditor.check import Host, Role, Severity, Verdict, Version, check, facts, failed, name_few, not_applicable, passed

FIRST_WITHOUT_NEED = Version((11, 35))
# Programs and Features lists those of 2015 by their own number as well; later ones come with Visual Studio's installer.
ACCEPTED = re.compile(r"microsoft build tools (2015|14\.)|visual studio build tools (2017|2019)", re.IGNORECASE)


@check.per_host(
    "VER-014",
    severity=Severity.HIGH,
    sources=("SYSREQ", "ST-PRE", "ST-CONST"),
    roles=frozenset({Role.DEPLOYMENT_CONTROLLER, Role.FRONT_END}),
    needs=("COMP-001", "VER-001"),
)
def build_tools_are_installed_where_needed(host: Host) -> Verdict:
    """A server below Platform Server 11.35.0 has the Microsoft Build Tools.

    ## Why it matters

    Up to 11.34 the deployment controller compiles applications with the Build Tools. Without them publishing fails,
    and a front-end that lacks them cannot take the controller's place when it is lost.

    ## How it is decided

    Below Platform Server 11.35.0 the installed programs list Microsoft Build Tools 2015, or Visual Studio Build Tools
    2017 or 2019, which the vendor's set-up module accepts as well; whether their targeting pack is complete is not
    looked at. It is asked of every server. From 11.35.0 on they are only needed to upgrade extensions of a former
    major version, so the check is not applicable.

    ## How to fix

    1. Install Microsoft Build Tools 2015 on the server.
    2. Publish a module to see that it compiles.
    3. Or upgrade to Platform Server 11.35.0 or later, which does without.

    Effect on users: none; the installation restarts nothing.

    ## References

    - OutSystems system requirements - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/system-requirements.md
    - OutSystems.SetupTools: Get-OSServerPreReqs - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Functions/Get-OSServerPreReqs.ps1
    - OutSystems.SetupTools: constants - https://github.com/OutSystems/OutSystems.SetupTools/blob/HEAD/src/Outsystems.SetupTools/Lib/Constants.ps1
    """
    version = host.installed_platform
    if version >= FIRST_WITHOUT_NEED:
        return not_applicable(f"{host.name} has Platform Server {version}, which compiles without the Build Tools.")
    names = [entry.name for entry in host.fact(facts.UNINSTALL_ENTRIES)]
    found = name_few(name for name in names if ACCEPTED.match(name))
    if found:
        return passed(f"{host.name} has {found}, which Platform Server {version} compiles with.")
    others = name_few(name for name in names if "build tools" in name.casefold()) or "none"
    return failed(
        f"{host.name} lacks the Build Tools that Platform Server {version} compiles with; it has {others}.",
        expected="Microsoft Build Tools 2015, or Visual Studio Build Tools 2017",
        found=others,
    )
