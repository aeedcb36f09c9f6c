"""What several checks of the set-up ask: is an environment there, and which environments is LifeTime compared with."""

from __future__ import annotations

from auditor.engine.sight import Inapplicable, Unknowable, search
from auditor.engine.subjects import Environment, Infrastructure
from auditor.engine.verdicts import failed, not_applicable, passed
from auditor.model.component import ComponentKind
from auditor.model.fact import NotKnown, Reason
from auditor.model.finding import Verdict
from auditor.model.inventory import Purpose


def confirm_environment(infrastructure: Infrastructure, purpose: Purpose) -> Verdict:
    """Judge whether an environment of this purpose is declared and confirmed by a host that has Platform Server.

    Silent hosts prove nothing: where no host was seen the verdict is unknown. Servers of an environment in the cloud
    are not ours to look at, so LifeTime confirms it by listing it.
    """
    if all(expected.purpose is not purpose for expected in infrastructure.reference.environments):
        return not_applicable(f"The reference does not ask for a {purpose} environment.")
    environments = infrastructure.of_purpose(purpose)
    if not environments:
        declared = ", ".join(f"{item.name} ({item.purpose})" for item in infrastructure.environments) or "none"
        return failed(
            f"The inventory declares no {purpose} environment.",
            expected=f"an environment with purpose {purpose}",
            found=f"declared environments: {declared}",
        )
    names = ", ".join(environment.name for environment in environments)
    hosts = [host for item in environments if not item.is_cloud for host in item.platform_hosts]
    seen = search(hosts, lambda host: host.has_platform_server)
    if seen.found:
        return passed(f"{names}: Platform Server was found on {seen.names}.{seen.unseen_note}")
    in_cloud = [environment for environment in environments if environment.is_cloud]
    if in_cloud:
        listed = [f"{item.name} as {item.registered.name}" for item in in_cloud]
        return passed(f"LifeTime manages {', '.join(listed)}; it is hosted in the cloud.")
    if not hosts:
        raise Unknowable(NotKnown(Reason.NOT_DECLARED, f"The inventory declares no host that could confirm {names}."))
    seen.demand_complete_sight()
    return failed(
        f"{names} is declared, but none of its hosts has Platform Server.",
        expected="Platform Server on at least one host",
        found=f"none on {', '.join(host.name for host in hosts)}",
    )


def lifetime_and_others(infrastructure: Infrastructure) -> tuple[tuple[Environment, ...], tuple[Environment, ...]]:
    """Return the LifeTime environments and all others that run on servers of ours.

    Raises `Inapplicable` where LifeTime is in the cloud, where there is nothing to compare it with, or where it is
    proved not to exist (TOPO-004 tells); `Unknowable` where it exists or may exist without a declared environment.
    """
    declared = infrastructure.of_purpose(Purpose.LIFETIME)
    lifetime = tuple(environment for environment in declared if not environment.is_cloud)
    others = tuple(item for item in infrastructure.on_premises if item.purpose is not Purpose.LIFETIME)
    if declared and not lifetime:
        raise Inapplicable(f"{declared[0].name} is hosted in the cloud: its servers are not ours.", "TOPO-018")
    if lifetime and others:
        return lifetime, others
    if lifetime:
        raise Inapplicable(f"Beside {lifetime[0].name} there is no environment on servers of ours.")
    hosts = [host for environment in others for host in environment.platform_hosts]
    seen = search(hosts, lambda host: host.component(ComponentKind.LIFETIME).can_run)
    if seen.found:
        sentence = f"LifeTime runs on {seen.names}, but the inventory declares no LifeTime environment."
        raise Unknowable(NotKnown(Reason.NOT_DECLARED, sentence))
    seen.demand_complete_sight()
    raise Inapplicable("There is no LifeTime in this infrastructure.", because_of="TOPO-004")
