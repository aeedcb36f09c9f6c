"""What is in the install folder of Platform Server: names, existence, version, and one keyed digest."""

from __future__ import annotations

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.places import in_install_folder
from auditor.collectors.reading import (
    Answers,
    IllTyped,
    distinct,
    entry_names,
    fact,
    facts,
    lines,
    member,
    place_exists,
    text,
)
from auditor.collectors.rights import INSTALL_FOLDER as FOLDER_RIGHT
from auditor.collectors.rights import PRIVATE_KEY
from auditor.model.known_facts import (
    BUNDLED_BROKER_VERSIONS,
    CONSOLE_FOLDERS,
    INSTALL_FOLDER,
    INSTALL_FOLDER_ENTRIES,
    LIFETIME_SOLUTION_EXISTS,
    PLATFORM_FILE_VERSION,
    PLATFORM_FOLDER_EXISTS,
    PRIVATE_KEY_DIGEST,
    PRIVATE_KEY_EXISTS,
    RUNNING_FOLDERS,
    SHARE_FOLDERS,
)
from auditor.model.question import Platform, Question, Verb

_BROKER = "rabbitmq_server-"


def _question(thing: str, verb: Verb, path: str, why: str, rights: str = FOLDER_RIGHT, **more: object) -> Question:
    arguments = in_install_folder(path, **more)
    return Question(f"install_folder.{thing}", verb, Platform.WINDOWS, why, rights, arguments)


NAMES = _question("names", Verb.DIRECTORY, "", "Tells whether the install folder exists and what is in it.")
VERSION_FILE = _question(
    "version_file",
    Verb.FILE,
    "version.txt",
    "Tells the version of the programs on disk, to compare with the registry.",
    text=256,
)
LIFETIME_SOLUTION = _question(
    "lifetime_solution", Verb.FILE, "Lifetime.osp", "Tells whether the LifeTime solution was delivered to this server."
)
KEY_FILE = _question(
    "private_key", Verb.FILE, "private.key", "Tells whether the environment's key exists; its content is never read."
)
KEY_DIGEST = _question(
    "private_key_digest",
    Verb.DIGEST,
    "private.key",
    "Tells whether two servers have the same key, by a digest that is worthless outside this scan.",
    PRIVATE_KEY,
)
RUNNING = _question(
    "running",
    Verb.DIRECTORY,
    "running",
    "Tells which modules are deployed on this server.",
)
# Factories have thousands of modules, more than one answer lists; so the two that matter most are asked for by name.
CONSOLES = tuple(
    _question(
        f"running_{thing}",
        Verb.DIRECTORY,
        "running",
        f"Tells whether {name} is deployed on this server.",
        like=f"{name}*",
    )
    for thing, name in (("service_center", "ServiceCenter"), ("lifetime", "LifeTime"))
)
SHARE = _question(
    "share",
    Verb.DIRECTORY,
    "share",
    "Tells whether sources of applications are here, which only a controller has.",
)
BROKERS = _question(
    "brokers",
    Verb.DIRECTORY,
    r"thirdparty\RabbitMQ Server",
    "Tells the version of the bundled RabbitMQ.",
    like=f"{_BROKER}*",
)


def read(observations: Observations) -> FactMap:
    """Give what is in the folder."""
    return facts(
        fact(observations, INSTALL_FOLDER, _folder),
        fact(observations, PLATFORM_FOLDER_EXISTS, lambda answers: _exists(answers, NAMES)),
        fact(observations, INSTALL_FOLDER_ENTRIES, lambda answers: entry_names(answers.whole(NAMES))),
        fact(observations, PLATFORM_FILE_VERSION, _version),
        fact(observations, LIFETIME_SOLUTION_EXISTS, lambda answers: _exists(answers, LIFETIME_SOLUTION)),
        fact(observations, PRIVATE_KEY_EXISTS, lambda answers: _exists(answers, KEY_FILE)),
        fact(observations, PRIVATE_KEY_DIGEST, _digest),
        fact(observations, RUNNING_FOLDERS, lambda answers: entry_names(answers.whole(RUNNING), folders_only=True)),
        fact(observations, CONSOLE_FOLDERS, _consoles),
        fact(observations, SHARE_FOLDERS, lambda answers: entry_names(answers.whole(SHARE), folders_only=True)),
        fact(observations, BUNDLED_BROKER_VERSIONS, _brokers),
    )


def _exists(answers: Answers, question: Question) -> bool:
    return place_exists(answers.value(question))


def _folder(answers: Answers) -> str | None:
    value = answers.value(NAMES)
    return None if value is None else text(member(value, "path"))


def _version(answers: Answers) -> str | None:
    value = answers.value(VERSION_FILE)
    if value is None:
        return None
    return next((line.lstrip("\ufeff").strip() for line in lines(member(value, "text"))), None)


def _digest(answers: Answers) -> str | None:
    value = answers.value(KEY_DIGEST)
    if value is None:
        return None
    digest, key = text(member(value, "digest")), text(member(value, "key"))
    if not digest or not key:
        raise IllTyped("no digest, or none whose key has a name")
    # A scan that was resumed made its digests with two keys; those of different keys must never look comparable.
    return f"{key}:{digest}"


def _consoles(answers: Answers) -> tuple[str, ...]:
    return distinct(name for question in CONSOLES for name in entry_names(answers.whole(question), folders_only=True))


def _brokers(answers: Answers) -> tuple[str, ...]:
    names = entry_names(answers.whole(BROKERS), folders_only=True)
    return distinct(name[len(_BROKER) :] for name in names if name.casefold().startswith(_BROKER))


COLLECTOR = Collector(
    "install_folder",
    Platform.WINDOWS,
    (NAMES, VERSION_FILE, LIFETIME_SOLUTION, KEY_FILE, KEY_DIGEST, RUNNING, *CONSOLES, SHARE, BROKERS),
    read,
)
