"""The list of questions is what a security team signs: what it may hold, and that nothing is forgotten."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from auditor.collectors import COLLECTORS, questions_for, read_facts
from auditor.collectors.rights import rights_page
from auditor.model import known_facts
from auditor.model.fact import FactKey
from auditor.model.observation import ChannelName, Visit
from auditor.model.question import Platform, Question, Verb
from auditor.transports.base import Request
from auditor.transports.document import linux_script, windows_script
from tests.detection.modelled_hosts import NOW, visit

QUESTIONS = [question for collector in COLLECTORS for question in collector.questions]
DOCS = Path(__file__).parents[2] / "docs"
LINUX_COMMANDS = {
    "uname", "hostname", "packages", "units", "addresses", "memory", "processors", "rabbitmq_version",
    "rabbitmq_permissions", "machine_id", "product_uuid", "macs", "volumes",
}  # fmt: skip
ALLOWED = {
    Verb.REGISTRY: {"key", "view", "values", "subkeys", "subkeys_like"},
    Verb.WMI: {"class", "properties", "condition", "namespace"},
    Verb.FILE: {"path", "base", "otherwise", "text"},
    Verb.DIRECTORY: {"path", "base", "otherwise", "like", "limit"},
    Verb.XML: {"path", "base", "otherwise", "take"},
    Verb.DIGEST: {"path", "base", "otherwise"},
    Verb.LISTENER: set(),
    Verb.CLOCK: set(),
    Verb.ACCOUNT: set(),
    Verb.CONNECT: {"path", "base", "otherwise", "targets"},
    Verb.RESOLVE: {"name"},
    Verb.HTTP: {"path"},
    Verb.CERTIFICATE: set(),
    Verb.COMMAND: {"name"},
    Verb.LIFETIME: {"call", "keep", "persons", "pseudonymise"},
}
SECRET = re.compile(r"password|secret|advancedsettings|connectionstring|token", re.IGNORECASE)


def _ids(question: Question) -> str:
    return question.id


def test_every_id_is_used_once_and_begins_with_the_name_of_its_collector() -> None:
    names = [question.id for question in QUESTIONS]
    assert len(names) == len(set(names))
    for collector in COLLECTORS:
        assert all(re.fullmatch(rf"{collector.name}\.[a-z0-9_]+", question.id) for question in collector.questions)
        assert all(question.platform is collector.platform for question in collector.questions)


def test_collectors_are_sorted_by_name() -> None:
    names = [collector.name for collector in COLLECTORS]
    assert names == sorted(set(names))


@pytest.mark.parametrize("platform", list(Platform))
def test_every_question_of_a_platform_is_asked_once_and_of_a_server_the_clock_last(platform: Platform) -> None:
    asked = questions_for(platform)
    assert sorted(map(_ids, asked)) == sorted(question.id for question in QUESTIONS if question.platform is platform)
    assert (asked[-1].verb is Verb.CLOCK) == (platform is not Platform.LIFETIME)


@pytest.mark.parametrize("question", QUESTIONS, ids=_ids)
def test_a_question_says_why_it_is_asked_and_what_right_it_needs(question: Question) -> None:
    assert re.fullmatch(r"Tells [^\n|]{10,150}\.", question.why)
    assert question.rights and not question.rights.endswith(".") and "|" not in question.rights


@pytest.mark.parametrize("question", QUESTIONS, ids=_ids)
def test_a_question_has_only_arguments_that_its_verb_knows_and_is_json(question: Question) -> None:
    assert set(question.arguments) <= ALLOWED[question.verb]
    assert json.loads(json.dumps(dict(question.arguments))) == dict(question.arguments)
    if question.verb is Verb.COMMAND:
        assert question.arguments["name"] in LINUX_COMMANDS
    if question.verb is Verb.REGISTRY:
        assert question.arguments["key"].startswith("HKLM\\") and "*" not in question.arguments["key"]


@pytest.mark.parametrize("question", [item for item in QUESTIONS if item.verb is Verb.CONNECT], ids=_ids)
def test_whom_a_server_connects_to_is_never_read_from_an_element_that_holds_a_secret(question: Question) -> None:
    for target in question.arguments["targets"]:
        assert not SECRET.search(f"{target['element']} {target.get('port_element')}")


def test_no_question_asks_what_makes_windows_installer_work() -> None:
    assert "win32_product'" not in repr([dict(question.arguments) for question in QUESTIONS]).casefold()


def _taken(question: Question) -> list[dict[str, Any]]:
    return list(question.arguments.get("take", ()))


@pytest.mark.parametrize("question", [item for item in QUESTIONS if item.verb is Verb.XML], ids=_ids)
def test_of_secrets_in_xml_only_their_presence_is_asked(question: Question) -> None:
    for rule in _taken(question):
        if SECRET.search(rule["path"]):
            assert rule.get("text", "presence") == "presence" and rule.get("attributes", []) in ([], ["encrypted"])
        assert not {"value", "password", "userName"} & set(rule.get("attributes", []))


@pytest.mark.parametrize("question", QUESTIONS, ids=_ids)
def test_no_question_reads_the_content_of_a_key_or_asks_for_a_secret_value(question: Question) -> None:
    path = str(question.arguments.get("path", ""))
    if path.endswith(("private.key", "server.hsconf", ".cookie", "sysconfig/outsystems")):
        assert "text" not in question.arguments
    wanted = [*question.arguments.get("values", ()), *question.arguments.get("properties", ())]
    assert [name for name in wanted if SECRET.search(name) or name in ("Args", "CommandLine", "UninstallString")] == []


def test_every_known_fact_has_a_reader() -> None:
    wanted = {value.name for value in vars(known_facts).values() if isinstance(value, FactKey)}
    given = {name for platform in Platform for name, _ in read_facts(visit({}, platform))}
    assert given == wanted


def test_the_page_of_rights_lists_every_question() -> None:
    assert (DOCS / "rights.md").read_text(encoding="utf-8") == rights_page(QUESTIONS)


def test_the_whole_list_can_be_put_to_both_interpreters() -> None:
    for platform, script in ((Platform.WINDOWS, windows_script), (Platform.LINUX, linux_script)):
        text = script(Request(questions_for(platform), b"k"), 120, 30)
        assert all(question.id in text for question in questions_for(platform))


def test_an_unanswered_visit_knows_nothing_and_says_so() -> None:
    nothing = Visit("dev-1", NOW, NOW, ChannelName.SH_OVER_SSH, Platform.LINUX)
    facts = [fact for _, fact in read_facts(nothing)]
    assert facts and all("was not asked" in getattr(fact, "sentence", "") for fact in facts)
