"""The form of inventory.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from auditor.model.inventory import Hosting, Purpose, Role, Source
from auditor.settings.connection_settings import ConnectionSettings, Defaults, SecretReference
from auditor.settings.fields import DocumentModel, FilePath, HostName, HttpsAddress, Line, Name, ZoneName


def _hint(key: str) -> str | None:
    if key in Defaults.model_fields:
        return "such a setting stands under defaults, or at a host."
    return None


class HostSettings(ConnectionSettings):
    """One server: what it is, and what differs from the defaults in how it is reached."""

    name: HostName = Field(description="The name of the host in every report; unique in the file.")
    address: HostName | None = Field(
        default=None, description="Host name or IP address to connect to; the name by default."
    )
    roles: list[Annotated[Role, Field(strict=False)]] = Field(
        default_factory=list, description="What the host does in its environment."
    )
    aliases: list[HostName] = Field(
        default_factory=list, description="Other names under which the platform may know the host."
    )
    passive: bool = Field(default=False, description="Whether it is a front-end that is kept out of work on purpose.")
    same_machine_as: list[HostName] = Field(
        default_factory=list, description="Names of hosts of this file that are known to be the same machine."
    )
    zone: ZoneName | None = Field(
        default=None,
        description="The zone of the network from which it is reached; by default that of its environment.",
    )


class EnvironmentSettings(DocumentModel):
    """One OutSystems environment."""

    name: Name = Field(description="The name of the environment, as in LifeTime; unique in the file.")
    purpose: Annotated[Purpose, Field(strict=False)] = Field(description="What the environment is for.")
    hosting: Annotated[Hosting, Field(strict=False)] = Field(
        default=Hosting.ON_PREMISES, description="Whose servers it runs on."
    )
    address: HostName | None = Field(
        default=None, description="The host name under which LifeTime and the environment call each other."
    )
    tls_offloading: bool = Field(
        default=False, description="Whether HTTPS ends before its servers, at a load balancer or proxy."
    )
    approved_tooling: list[Line] = Field(
        default_factory=list, description="Tools whose presence on the servers of this environment was approved."
    )
    sources: list[Annotated[Source, Field(strict=False)]] | None = Field(
        default=None, description="The further witnesses that exist for it; leave it out where nobody has said."
    )
    zone: ZoneName | None = Field(default=None, description="The zone of the network from which its hosts are reached.")
    defaults: Defaults = Field(
        default_factory=Defaults, description="What the hosts of this environment have in common."
    )
    hosts: list[HostSettings] = Field(
        default_factory=list, description="Its servers; an environment in the cloud needs none."
    )

    @classmethod
    def hint_for(cls, key: str) -> str | None:
        """Say that connection settings stand under defaults."""
        return _hint(key)


class LifeTimeSettings(DocumentModel):
    """How LifeTime's API is asked."""

    url: HttpsAddress = Field(
        description="The address of LifeTime: https, a host name, and a port where it is not 443."
    )
    token: SecretReference = Field(description="Where the token of the service account is kept.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificates of authorities to trust instead of the system's."
    )
    identities: bool = Field(default=True, description="Whether users, roles and teams are asked for; true by default.")
    pseudonymise: bool = Field(
        default=False, description="Whether names of people are replaced before anything is kept; false by default."
    )
    zone: ZoneName | None = Field(default=None, description="The zone of the network from which it is reached.")


class InventoryDocument(DocumentModel):
    """The whole infrastructure."""

    infrastructure: Name = Field(description="The name of the infrastructure in every report.")
    defaults: Defaults = Field(
        default_factory=Defaults, description="What all hosts have in common in how they are reached."
    )
    environments: list[EnvironmentSettings] = Field(description="The environments.", min_length=1)
    other_hosts: list[HostSettings] = Field(
        default_factory=list, description="Servers that belong to no environment, such as a broker."
    )
    lifetime: LifeTimeSettings | None = Field(
        default=None, description="LifeTime's API as a witness; it is not asked where this is left out."
    )

    @classmethod
    def hint_for(cls, key: str) -> str | None:
        """Say that connection settings stand under defaults."""
        return _hint(key)
