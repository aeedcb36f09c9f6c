"""Signing in over SSH: each credential that the inventory names is tried once, and none a second time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import paramiko
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType, SSHException

from auditor.errors import FailureKind, TransportError
from auditor.transports.ssh_failures import Place
from auditor.transports.ssh_keys import LoadedKey

# sshd hangs up after six refusals (MaxAuthTries), and the password must still have its turn.
_MOST_AGENT_KEYS = 4
_TIMED_OUT_WORDS = "Authentication timeout."
# Ours, and the library's when the server answers a password with the demand for a new one.
_MORE_THAN_A_PASSWORD = ("the server asks for more than a password", "Illegal info request")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one account may be signed in with."""

    user: str
    key: LoadedKey | None = None
    use_agent: bool = False
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Way:
    """One credential: its name for people, the kinds of sign-in that it can be, and the key if it is one."""

    name: str
    kinds: tuple[str, ...]
    key: paramiko.PKey | None = field(default=None, repr=False)


@dataclass(slots=True)
class _Conversation:
    """What was offered, and what was tried, so far."""

    place: Place
    transport: paramiko.Transport
    user: str
    offered: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)


def sign_in(place: Place, transport: paramiko.Transport, credentials: Credentials, seconds: float) -> None:
    """Sign in, or raise `TransportError` with what was tried and what the server would have taken.

    `seconds` bounds the server's answer to each try.
    """
    transport.auth_timeout = seconds
    conversation = _Conversation(place, transport, credentials.user)
    if _ask_what_is_offered(conversation):
        return
    agent = paramiko.Agent() if credentials.use_agent else None
    try:
        for way in _ways(credentials, agent):
            kind = next((kind for kind in way.kinds if kind in conversation.offered), None)
            if kind is not None and _try(conversation, way, kind, credentials.password):
                return
    finally:
        if agent is not None:
            agent.close()
    raise _refused(conversation, credentials)


def _ways(credentials: Credentials, agent: paramiko.Agent | None) -> list[_Way]:
    ways = []
    if credentials.key is not None:
        if credentials.key.certified is not None:
            ways.append(_Way(f"the certificate of {credentials.key.path}", ("publickey",), credentials.key.certified))
        ways.append(_Way(f"the key {credentials.key.path}", ("publickey",), credentials.key.plain))
    if agent is not None:
        ways += [_Way("a key of the agent", ("publickey",), key) for key in agent.get_keys()[:_MOST_AGENT_KEYS]]
    if credentials.password is not None:
        ways.append(_Way("the password", ("password", "keyboard-interactive")))
    return ways


def _answer_once(password: str) -> Callable[[str, str, list[tuple[str, bool]]], list[str]]:
    """Answer the one hidden question with the password, and nothing else.

    A second question is for a second factor, or for a new password because the old one has expired.
    """
    answered = False

    def answer(_title: str, _instructions: str, questions: list[tuple[str, bool]]) -> list[str]:
        nonlocal answered
        if not questions:
            return []
        if answered or len(questions) > 1 or questions[0][1]:
            raise AuthenticationException(_MORE_THAN_A_PASSWORD[0])
        answered = True
        return [password]

    return answer


def _ask_what_is_offered(conversation: _Conversation) -> bool:
    """Ask, as every SSH client does, without any credential; True when the server wants none."""
    try:
        conversation.transport.auth_none(conversation.user)
    except BadAuthenticationType as error:
        conversation.offered = list(error.allowed_types)
        return False
    except (SSHException, EOFError, OSError) as error:
        raise _broken(conversation, error) from None
    return True


def _try(conversation: _Conversation, way: _Way, kind: str, password: str | None) -> bool:
    """Whether this was the last step; a step of several leaves what is offered next."""
    conversation.tried.append(way.name)
    transport, user = conversation.transport, conversation.user
    try:
        if way.key is not None:
            further = transport.auth_publickey(user, way.key)
        elif kind == "password":
            further = transport.auth_password(user, password or "", fallback=False)
        else:
            further = transport.auth_interactive(user, _answer_once(password or ""))
    except BadAuthenticationType as error:
        conversation.offered = list(error.allowed_types)
        return False
    except AuthenticationException as error:
        if conversation.transport.is_active() and _TIMED_OUT_WORDS not in str(error):
            return False
        raise _broken(conversation, error) from None
    except (SSHException, EOFError, OSError) as error:
        raise _broken(conversation, error) from None
    conversation.offered = list(further)
    return not further


def _broken(conversation: _Conversation, error: Exception) -> TransportError:
    place, user = conversation.place, conversation.user
    if _TIMED_OUT_WORDS in str(error):
        return place.error(
            FailureKind.HUNG,
            f"{place} did not answer the sign-in of {user} in time; it was not tried again: look at the server's load "
            "and at its directory service.",
            permanent=False,
        )
    if any(words in str(error) for words in _MORE_THAN_A_PASSWORD):
        return place.error(
            FailureKind.SIGN_IN_REFUSED,
            f"{place} asks {user} for more than a password: a second factor, or a new password because the old one "
            "expired; use a key, or an account without that.",
        )
    if not conversation.tried:
        return place.error(
            FailureKind.LOST,
            f"{place} ended the connection before {user} could sign in; scan again, and look at the server's log if it "
            "happens every time.",
            permanent=False,
        )
    return place.error(
        FailureKind.SIGN_IN_REFUSED,
        f"{place} hung up while {user} signed in with {_listed(conversation.tried)}: refused, or too many tries "
        "(MaxAuthTries); it was not tried again: check the credential and the server's log.",
    )


def _refused(conversation: _Conversation, credentials: Credentials) -> TransportError:
    place, offered = conversation.place, _listed(conversation.offered) or "nothing"
    if conversation.tried:
        return place.error(
            FailureKind.SIGN_IN_REFUSED,
            f"{place} refused the sign-in of {credentials.user} with {_listed(conversation.tried)}, and would take: "
            f"{offered}; it was not tried again: check user and credential, and on Windows whether the key of an "
            "administrator is in administrators_authorized_keys.",
        )
    if credentials.use_agent and credentials.key is None and credentials.password is None:
        return place.error(
            FailureKind.CREDENTIAL_UNAVAILABLE,
            f"The SSH agent has no key for {place}, or does not run: add one with ssh-add, or name a key_file.",
        )
    return place.error(
        FailureKind.SIGN_IN_KIND_NOT_OFFERED,
        f"{place} takes only {offered} from {credentials.user}, and the inventory gives "
        f"{'a password' if credentials.password is not None else 'a key'}; nothing was tried: change one of the two.",
    )


def _listed(names: list[str]) -> str:
    return ", ".join(dict.fromkeys(names))
