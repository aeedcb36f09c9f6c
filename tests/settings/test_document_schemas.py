"""The JSON Schemas for editors and the example documents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

from auditor.settings.configuration import load_configuration
from auditor.settings.examples import examples
from auditor.settings.inventory import load_inventory
from auditor.settings.reference import load_reference
from auditor.settings.schemas import DOCUMENTS, json_schema
from auditor.settings.waivers import load_waivers

Write = Callable[..., Path]

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
LOADERS: dict[str, Callable[[Path], object]] = {
    "inventory": load_inventory, "reference": load_reference, "waivers": load_waivers,
    "osaudit": load_configuration,
}  # fmt: skip


def switched_on(text: str) -> str:
    """Return an example with every setting that it shows behind a # in force."""
    return re.sub(r"^( *)#(?=[^ #\n])", r"\1", text.replace("waivers: []\n", ""), flags=re.MULTILINE)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder with the ssh config that the example of an inventory names."""
    folder = tmp_path / "home" / ".ssh"
    folder.mkdir(parents=True)
    (folder / "config").write_text("Host broker-1\n  Port 2222\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_schema_in_the_documentation_is_the_one_of_the_code(document: str) -> None:
    kept = (SCHEMAS / f"{document}.schema.json").read_text(encoding="utf-8")
    assert kept == json.dumps(json_schema(document), indent=2, sort_keys=True) + "\n", (
        f"write it anew: osaudit schema {document} > docs/schemas/{document}.schema.json"
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_schema_is_well_formed_and_explains_every_setting(document: str) -> None:
    schema = json_schema(document)
    jsonschema.Draft202012Validator.check_schema(schema)
    for group in (schema, *schema["$defs"].values()):
        assert group.get("description")
        assert all(setting.get("description") for setting in group.get("properties", {}).values())
        assert group.get("additionalProperties", False) is False


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("change", [str, switched_on])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_an_example_is_valid_as_it_is_and_with_every_setting_switched_on(
    write: Write, document: str, change: Callable[[str], str]
) -> None:
    text = change(examples()[f"{document}.yaml"])
    LOADERS[document](write(text))
    # Dates are text to the schema, so YAML's own reading of them is put back.
    content = json.loads(json.dumps(yaml.safe_load(text) or {}, default=str))
    jsonschema.validate(content, json_schema(document))


@pytest.mark.usefixtures("home")
def test_switching_on_really_switches_on(write: Write) -> None:
    assert load_reference(write(switched_on(examples()["reference.yaml"]))).adjustments
    assert load_waivers(write(switched_on(examples()["waivers.yaml"])))
    hosts = load_inventory(write(switched_on(examples()["inventory.yaml"]))).hosts
    assert any(host.passive for host in hosts) and any(host.same_machine_as for host in hosts)
    assert hosts[-1].endpoint.port == 2222


def test_the_examples_beside_the_inventory_change_nothing(write: Write) -> None:
    assert load_reference(write(examples()["reference.yaml"])) == load_reference(None)
    assert load_waivers(write(examples()["waivers.yaml"])) == ()


def test_the_example_of_an_inventory_shows_every_setting_of_an_environment_and_a_host() -> None:
    text = examples()["inventory.yaml"]
    definitions = json_schema("inventory")["$defs"]
    environment = definitions["EnvironmentSettings"]["properties"]
    host = {"name", "address", "roles", "aliases", "passive", "same_machine_as", "zone"}
    assert [name for name in (*environment, *sorted(host)) if not re.search(rf"\b{name}:", text)] == []


def test_a_schema_refuses_a_secret_in_the_file() -> None:
    inventory = {
        "infrastructure": "E",
        "defaults": {"password": "hunter2"},
        "environments": [{"name": "D", "purpose": "other"}],
    }
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(inventory, json_schema("inventory"))
    for reference in ({}, {"environment": None}, {"environment": "A", "file": "b"}):
        inventory["defaults"] = {"password": reference}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(inventory, json_schema("inventory"))
