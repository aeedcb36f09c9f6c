"""The least rights that questions need, in the words of the people who grant them, and the page that lists them."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.model.question import Platform, Question

SIGN_IN = "nothing beyond signing in"
REGISTRY = "read access to the registry key, which every user has unless it was taken away"
WMI = "Enable Account and Remote Enable on the WMI namespace root/cimv2"
SERVICES = "Enable Account and Remote Enable on root/cimv2, and to list services and query each one, or administrator"
FEATURES = "Enable Account and Remote Enable on root/cimv2, and administrator where Windows lists features for no other"
SYSTEM_FILE = "read access to a file of Windows, which every user has"
INSTALL_FOLDER = "list and read attributes in the install folder of Platform Server"
TOOL_FOLDER = "list and read attributes in the folder of the development tool, which every user has"
SERVER_CONFIGURATION = "read access to server.hsconf, by default administrator"
PRIVATE_KEY = "read access to private.key, by default administrator"
IIS_CONFIGURATION = "read access to the configuration folder of IIS, by default administrator"
CERTIFICATES = "read access to the registry key of HTTP.SYS and to the certificate stores of the computer"
LISTENERS = "none for the ports; administrator (root on Linux) for the names of other accounts' processes"
ANY_LINUX_USER = "any user"
BROKER_OWNER = "root or the account rabbitmq, as rabbitmqctl serves no other"
OUTSYSTEMS_GROUP = "read access to the configuration of the Java stack, by default its owner or root"
LIFETIME_BASIC = "a service account with List Applications on every environment (osaudit-basic)"
LIFETIME_IDENTITY = "a service account that may manage users and roles (osaudit-identity)"

_TITLES = {
    Platform.WINDOWS: "Questions to Windows",
    Platform.LINUX: "Questions to Linux",
    Platform.LIFETIME: "Questions to LifeTime's API",
}
_HEAD = """# The least rights that each question needs

`osaudit` asks a server the questions below and nothing else. Everything is read, nothing is changed. A right that is
not granted costs only the questions that need it: their facts are *not known*, and every check that rests on them says
so. `osaudit hosts ping` shows for each host which questions are answered; `osaudit explain` prints this list with the
arguments of each question.

## How to grant them

### Windows

The simple way is a member of the local group Administrators. The least way is an account that is

1. let in: over WinRM by *Read* and *Execute* in the window that `winrm configSDDL default` opens, because the remote
   shell that osaudit opens admits only Administrators at first; over SSH it only has to be able to sign in. The
   group *Remote Management Users* opens PowerShell's own remoting, not this shell, so it alone is not enough;
2. allowed *Enable Account* and *Remote Enable* on `root/cimv2` (`wmimgmt.msc`, Properties, Security); for hosts with
   `reading: wmi` these and *Execute Methods* on `root/default` too, where the registry is read, and a member of
   *Remote Management Users*;
3. allowed to list services: add `(A;;CCLCRPRC;;;<SID of the account>)` to what `sc.exe sdshow scmanager` prints and
   set it with `sc.exe sdset scmanager`;
4. allowed to query each service whose name begins with `OutSystems`, `Detached Scheduler` or `RabbitMQ`, and `W3SVC`
   and `WAS`: add `(A;;CCLCSWLOCRRC;;;<SID of the account>)` in the same way with the name of the service. Windows
   leaves the others out of its list without a word; osaudit sees in the registry that they exist, and then says that
   the services of the server are not known;
5. allowed to read the install folder of Platform Server, `server.hsconf` and `private.key` in it, and
   `%windir%\\System32\\inetsrv\\config`, by an inherited read permission of its own.

[Windows servers](windows-servers.md#the-least-rights) shows the commands, how sure each step is, and what is
lost without it.

A local administrator other than the built-in one has a filtered token over the network unless
`LocalAccountTokenFilterPolicy` is 1; with a domain account this does not matter.

### Linux

Any user answers nearly everything. `root` is needed for the names of processes behind ports; without them a broker
that has neither unit nor package is *not known* where something listens on its ports. `root` or the account `rabbitmq`
is needed for the virtual hosts of a broker and the rights on them: `rabbitmqctl` serves no other account. The
configuration of a former Java stack may be readable only to its owner.

### LifeTime

The token belongs to a service account (LifeTime, User Management, Service Accounts), and sees what the role of that
account may see. Two accounts keep the risk small:

- `osaudit-basic` has a role with *List Applications* on every environment and nothing for the whole infrastructure. It
  tells environments, zones and applications. An environment that it may not see can be missing from its list.
- `osaudit-identity` has the permission for the whole infrastructure to manage users and roles, because LifeTime has no
  lesser one that lets users be listed. Whoever has its token can make administrators: keep it apart, use it rarely, and
  revoke it afterwards. With the other account write `identities: false`, and users are not asked for.
"""


def rights_page(questions: Iterable[Question]) -> str:
    """Return docs/rights.md: each question with what it is asked for and the least right it needs."""
    parts = [_HEAD]
    asked = sorted(questions, key=lambda question: question.id)
    for platform, title in _TITLES.items():
        parts.append(f"\n## {title}\n\n| question | verb | why | least right |\n|---|---|---|---|\n")
        parts.extend(
            f"| `{question.id}` | {question.verb.value} | {question.why} | {question.rights} |\n"
            for question in asked
            if question.platform is platform
        )
    return "".join(parts)
