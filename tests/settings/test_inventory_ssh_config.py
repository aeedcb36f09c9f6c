"""An ssh config says what the inventory does not; what cannot be followed is a mistake, never another way."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from auditor.errors import DocumentError
from auditor.model.inventory import Bastion, CredentialKind, CredentialReference, Inventory, SSHEndpoint
from auditor.model.question import Platform
from auditor.settings.inventory import load_inventory

Write = Callable[..., Path]

CONFIG = """\
Host web-1
    HostName 10.0.0.1
    Port 2222
    User audit
    IdentityFile ~/keys/web
    UserKnownHostsFile ~/.ssh/known_web
    ProxyJump jump@gate:2200

Host gate
    HostName gate.example.org
    Port 99
    User nobody
    IdentityFile %d/keys/gate

Host *
    ForwardAgent yes
"""


def inventory(host: str, defaults: str = "") -> str:
    return (
        f"infrastructure: E\ndefaults: {{transport: ssh, ssh: {{ssh_config: config{defaults}}}}}\n"
        f"environments:\n  - name: D\n    purpose: other\n    hosts: [{host}]\n"
    )


def loaded(write: Write, config: str, host: str = "{name: web-1}", defaults: str = "") -> Inventory:
    write(config, "config")
    return load_inventory(write(inventory(host, defaults)))


def endpoint(write: Write, config: str, host: str = "{name: web-1}", defaults: str = "") -> SSHEndpoint:
    found = loaded(write, config, host, defaults).hosts[0].endpoint
    assert isinstance(found, SSHEndpoint)
    return found


def mistakes(write: Write, config: str, host: str = "{name: web-1}", defaults: str = "") -> list[tuple[str, str]]:
    with pytest.raises(DocumentError) as caught:
        loaded(write, config, host, defaults)
    assert all(location.line for location, _ in caught.value.problems)
    return [(location.key, sentence) for location, sentence in caught.value.problems]


def test_all_that_is_silent_in_the_inventory_comes_from_the_ssh_config(write: Write) -> None:
    assert endpoint(write, CONFIG) == SSHEndpoint(
        address="10.0.0.1",
        port=2222,
        user="audit",
        platform=Platform.LINUX,
        key_file=str(Path.home() / "keys" / "web"),
        known_hosts=str(Path.home() / ".ssh" / "known_web"),
        bastion=Bastion(
            address="gate.example.org", port=2200, user="jump", key_file=str(Path.home() / "keys" / "gate")
        ),
    )


def test_what_the_proxy_jump_leaves_out_is_looked_up_for_the_bastion(write: Write) -> None:
    bastion = endpoint(write, CONFIG.replace("jump@gate:2200", "gate")).bastion
    assert bastion is not None
    assert (bastion.port, bastion.user) == (99, "nobody")


def test_the_name_of_the_host_is_what_is_looked_up_and_case_counts(write: Write) -> None:
    host = "{name: other, address: web-1, user: a, use_agent: true}"
    assert endpoint(write, CONFIG, host).port == 22
    assert endpoint(write, CONFIG, "{name: WEB-1, user: a, use_agent: true}").address == "WEB-1"


@pytest.mark.parametrize("at", ["host", "defaults"])
def test_what_the_inventory_says_always_wins(write: Write, at: str) -> None:
    written = ", port: 1, user: me, key_file: /mine, known_hosts: /known, bastion: {address: b, user: u, key_file: /b}"
    expected = SSHEndpoint(
        address="web.example.org", port=1, user="me", platform=Platform.LINUX, key_file="/mine", known_hosts="/known",
        bastion=Bastion("b", 22, "u", "/b"),
    )  # fmt: skip
    host = "{name: web-1, address: web.example.org"
    if at == "host":
        assert endpoint(write, CONFIG, f"{host}{written}}}") == expected
    else:
        assert endpoint(write, CONFIG, f"{host}}}", written) == expected


def test_a_bastion_of_the_inventory_takes_nothing_from_the_ssh_config(write: Write) -> None:
    found = mistakes(write, CONFIG, "{name: web-1, bastion: {address: gate, key_file: k}}")
    assert found == [("environments[0].hosts[0].bastion.user", "is missing; a bastion needs an address and a user.")]


def test_a_bastion_of_the_ssh_config_is_merged_key_by_key_with_the_inventory(write: Write) -> None:
    bastion = endpoint(write, CONFIG, defaults=", bastion: {port: 5, password: {prompt: Gate}}").bastion
    key = str(Path.home() / "keys" / "gate")
    password = CredentialReference(CredentialKind.PROMPT, "Gate")
    assert bastion == Bastion("gate.example.org", 5, "jump", key, password=password)


def test_null_in_the_inventory_takes_nothing_from_the_ssh_config(write: Write) -> None:
    nothing = "address: null, port: null, key_file: null, known_hosts: null, bastion: null"
    found = endpoint(write, CONFIG, f"{{name: web-1, use_agent: true, {nothing}}}")
    assert found == SSHEndpoint("web-1", 22, "audit", Platform.LINUX, use_agent=True)
    ((place, sentence),) = mistakes(write, CONFIG, "{name: web-1, user: null}")
    assert place == "environments[0].hosts[0].user" and sentence.startswith("is missing, and SSH needs one")


def test_a_nearer_value_takes_the_place_of_a_null(write: Write) -> None:
    found = endpoint(
        write, CONFIG, "{name: web-1, key_file: /k, bastion: {port: 7}}", ", key_file: null, bastion: null"
    )
    assert found.key_file == "/k"
    assert found.bastion is not None and (found.bastion.address, found.bastion.port) == ("gate.example.org", 7)


def test_a_host_may_forget_the_ssh_config_or_name_another(write: Write) -> None:
    write("Host web-1\n  Port 7\n", "another")
    host = "{{name: web-1, user: a, use_agent: true, ssh_config: {}}}"
    assert endpoint(write, CONFIG, host.format("null")).port == 22
    assert endpoint(write, CONFIG, host.format("another")).port == 7


def test_the_path_may_start_in_the_home_folder(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text(CONFIG)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    found = endpoint(write, "", "{name: web-1, ssh_config: ~/.ssh/config}")
    assert (found.address, found.key_file) == ("10.0.0.1", str(home / "keys" / "web"))


def test_hosts_over_winrm_take_nothing_and_may_not_name_one(write: Write) -> None:
    host = loaded(write, "Host web-1\n  Port 7\n  ProxyCommand x\n", "{name: web-1, transport: winrm, user: a}").hosts[
        0
    ]
    assert (host.endpoint.address, host.endpoint.port) == ("web-1", 5986)
    found = mistakes(write, CONFIG, "{name: web-1, transport: winrm, user: a, ssh_config: config}")
    assert [key for key, _ in found] == ["environments[0].hosts[0].ssh_config"]
    assert "reached over WinRM" in found[0][1]


def test_a_missing_file_is_one_mistake_where_it_is_named(write: Write) -> None:
    with pytest.raises(DocumentError) as caught:
        load_inventory(write(inventory("{name: a}, {name: b}")))
    assert [(str(location.line), location.key) for location, _ in caught.value.problems] == [
        ("2", "defaults.ssh.ssh_config")
    ]
    assert caught.value.problems[0][1].startswith("there is no such file; expected")


def test_a_folder_is_not_an_ssh_config(write: Write, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    with pytest.raises(DocumentError, match="the file cannot be read"):
        load_inventory(write(inventory("{name: a}")))


REST = "Host *\n User a\n IdentityFile /k\n"


@pytest.mark.parametrize(
    ("config", "key", "words"),
    [
        ("ProxyCommand nc %h %p", "bastion", "line 1 of the ssh config (ProxyCommand) is not followed; write bastion"),
        ("ProxyJump a,b", "bastion", "several hops"),
        ("ProxyJump a b", "bastion", "more than one value"),
        ("ProxyJump a:0", "bastion", "number of a port"),
        ("ProxyJump ::1", "bastion", "user@host:port"),
        ("ProxyJump %h-gate", "bastion", "expected a host name"),
        ("ProxyJump -oProxyCommand=x", "bastion", "expected a host name"),
        ("ProxyJump %u@gate", "bastion", "holds a %"),
        (
            "Host web-1\n ProxyJump gate\nHost gate\n ProxyJump far",
            "bastion",
            "line 4 of the ssh config (ProxyJump) holds",
        ),
        ("ProxyJump gate", "bastion", "holds for the bastion itself"),
        ("Host web-1\n ProxyJump gate\nHost gate\n ProxyCommand x", "bastion", "(ProxyCommand) is not followed"),
        ("Host web-1\n ProxyJump gate\nHost gate\n Port x", "bastion.port", "number of a port"),
        ("Match exec true\n ProxyJump gate", "bastion", "stands in a Match block"),
        ("Match user x\n Port 5", "port", "line 2 of the ssh config (Port) stands in a Match block"),
        ("Port 0", "port", "does not hold the number of a port"),
        ("Port 70000", "port", "does not hold the number of a port"),
        ("Port ssh", "port", "does not hold the number of a port"),
        ("Port 1 2", "port", "more than one value"),
        ("User ${USER}", "user", "a variable of the environment"),
        ("User a%u", "user", "holds a %"),
        ('User ""', "user", "found an empty text"),
        ('User "a\tb"', "user", "control character"),
        ("HostName a/b", "address", "expected a host name"),
        ("HostName %n", "address", "holds a %"),
        ("IdentityFile keys/k", "key_file", "relative to whatever folder ssh is started in"),
        ("IdentityFile ~/%h", "key_file", "holds a %"),
        ("IdentityFile /x/%d", "key_file", "holds a %"),
        ("IdentityFile ~other/k", "key_file", "home folder of another user"),
        ("UserKnownHostsFile ~/a ~/b", "known_hosts", "more than one value"),
        ("UserKnownHostsFile none", "known_hosts", "no host key is known"),
    ],
)
def test_a_line_that_cannot_be_followed_is_told_at_the_host(write: Write, config: str, key: str, words: str) -> None:
    ((place, sentence),) = mistakes(write, f"{config}\n{REST}")
    assert place == f"environments[0].hosts[0].{key}"
    assert words in sentence and f"; write {key.partition('.')[0]} at this host" in sentence


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("Include other", "line 1 of this ssh config includes other files"),
        ("Match user x\n Include other", "line 2 of this ssh config includes other files"),
        ("CanonicalizeHostname yes", "line 1 of this ssh config (CanonicalizeHostname)"),
        ("Host x\nHost", "line 2 of this ssh config cannot be read"),
    ],
)
def test_what_may_change_every_host_is_told_once_where_the_file_is_named(write: Write, config: str, words: str) -> None:
    ((place, sentence),) = mistakes(write, f"{config}\n{REST}", "{name: a}, {name: b}")
    assert place == "defaults.ssh.ssh_config"
    assert sentence.startswith(words)


@pytest.mark.parametrize(
    "config",
    ["ProxyJump none\nProxyJump a,b", "ProxyCommand none\nProxyJump a,b", "ProxyJump NONE", "CanonicalizeHostname no",
     "Host other\n ProxyCommand x\n Include y\n Port x", "Match user x\n ForwardAgent yes", "HostKeyAlias x"],
)  # fmt: skip
def test_lines_that_do_not_matter_for_a_host_are_no_mistake(write: Write, config: str) -> None:
    assert endpoint(write, f"{config}\n{REST}") == SSHEndpoint("web-1", 22, "a", Platform.LINUX, "/k")


@pytest.mark.parametrize(
    ("config", "written"),
    [
        ("ProxyCommand x", "bastion: null"),
        ("ProxyCommand x", "bastion: {address: b, user: u, key_file: /k}"),
        ("Match user x\n Port 5", "port: 22"),
        ("HostName %n", "address: b"),
        ("UserKnownHostsFile ~/a ~/b", "known_hosts: null"),
    ],
)
def test_the_remedy_that_a_mistake_names_works(write: Write, config: str, written: str) -> None:
    assert mistakes(write, f"{config}\n{REST}")
    assert endpoint(write, f"{config}\n{REST}", f"{{name: web-1, {written}}}").user == "a"


def test_the_digest_covers_what_was_taken_and_nothing_else_of_the_file(write: Write) -> None:
    taken = loaded(write, "Host web-1\n Port 5\n" + REST).digest
    assert loaded(write, "# moved\nHost web-1\n Compression yes\n" + REST + " Port 5\n").digest == taken
    assert loaded(write, "Host web-1\n Port 6\n" + REST).digest != taken
    written = "infrastructure: E\nenvironments:\n  - {name: D, purpose: other, hosts: [{name: web-1, transport: ssh, "
    home = loaded(write, "Host web-1\n IdentityFile ~/k\n" + REST).digest
    assert load_inventory(write(written + "port: 5, user: a, key_file: /k}]}\n", "plain.yaml")).digest == taken
    assert load_inventory(write(written + "user: a, key_file: ~/k}]}\n", "plain.yaml")).digest == home


NAMES = st.sampled_from(["web-1", "web-*", "gate", "*", "!gate", "!web-1", "?eb-1", "WEB-1"])
LINES = st.one_of(
    st.lists(NAMES, min_size=1, max_size=3).map(lambda names: "Host " + " ".join(names)),
    st.sampled_from(
        ["Match all", "HostName %h.example.org", "HostName 10.0.0.1", "HostName GATE", "Port 5", "port=6", "User 'u v'",
         "USER two # x", "IdentityFile ~/one", 'IdentityFile "%d/t w o"', "IdentityFile none", "ProxyJump gate",
         "ProxyJump me@gate:7", "ProxyJump ssh://gate:8", "ProxyJump none", "ProxyCommand none", "ProxyCommand x",
         "ProxyJump gate,web-1", "UserKnownHostsFile ~/known", "UserKnownHostsFile /a /b", "Compression yes"]
    ),
)  # fmt: skip


def told_by_ssh(path: Path, *arguments: str) -> dict[str, str]:
    command = ["ssh", "-G", "-F", str(path), *arguments]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, str] = {}
    for line in printed.splitlines():
        keyword, _, value = line.partition(" ")
        found.setdefault(keyword, value)
    return found


def is_reached_alike(reached: SSHEndpoint | Bastion, told: dict[str, str]) -> None:
    assert (reached.address.lower(), str(reached.port), reached.user) == (told["hostname"], told["port"], told["user"])
    if reached.key_file is not None:
        # ssh prints %d as it was written.
        assert reached.key_file == str(Path(told["identityfile"].replace("%d", "~")).expanduser())
    else:
        assert told["identityfile"] == "none"


@example(jump="ProxyJump gate", of_the_bastion=[], lines=["HostName GATE"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    jump=st.sampled_from(["", "ProxyJump gate", "ProxyJump me@gate:7", "ProxyJump ssh://u@gate"]),
    of_the_bastion=st.lists(LINES, max_size=4),
    lines=st.lists(LINES, max_size=10),
)
def test_ssh_itself_reaches_every_host_that_is_loaded_in_the_same_way(
    write: Write, jump: str, of_the_bastion: list[str], lines: list[str]
) -> None:
    text = "\n".join(["Host web-1", jump, "Host gate", *of_the_bastion, "Host web-1", *lines, REST])
    defaults = ", use_agent: true, bastion: {password: {prompt: P}}"
    try:
        found = endpoint(write, text, defaults=defaults)
    except DocumentError as error:
        # Without a hop there is no bastion for the password; that is the one mistake that ssh does not share.
        if "bastion needs an address" not in str(error):
            event("refused")
            return
        found = endpoint(write, text, defaults=", use_agent: true")
    path = write(text, "config")
    told = told_by_ssh(path, "web-1")
    is_reached_alike(found, told)
    if found.known_hosts is not None:
        assert found.known_hosts == told["userknownhostsfile"]
    event("through a bastion" if found.bastion else "directly")
    assert (found.bastion is None) == (told.get("proxyjump", "none") == "none")
    if found.bastion is not None:
        user, _, rest = told["proxyjump"].rpartition("@")
        alias, _, port = rest.partition(":")
        own = [*(["-l", user] if user else []), *(["-p", port] if port else []), alias]
        is_reached_alike(found.bastion, told_by_ssh(path, *own))
