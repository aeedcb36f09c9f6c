"""Whether the account that asks is an administrator. The same for both platforms."""

from __future__ import annotations

from functools import partial

from auditor.collectors.base import Collector, FactMap, Observations
from auditor.collectors.reading import fact, flag, member
from auditor.collectors.rights import SIGN_IN
from auditor.model.known_facts import ACCOUNT_IS_ADMINISTRATOR
from auditor.model.question import Platform, Question, Verb

_WHY = "Tells whether an empty answer may come from a missing right."

WINDOWS_ACCOUNT = Question("account.rights", Verb.ACCOUNT, Platform.WINDOWS, _WHY, SIGN_IN)
LINUX_ACCOUNT = Question("linux_account.rights", Verb.ACCOUNT, Platform.LINUX, _WHY, SIGN_IN)


def read(question: Question, observations: Observations) -> FactMap:
    """Give the one fact about the account."""
    return fact(
        observations, ACCOUNT_IS_ADMINISTRATOR, lambda answers: flag(member(answers.value(question), "administrator"))
    )


WINDOWS = Collector("account", Platform.WINDOWS, (WINDOWS_ACCOUNT,), partial(read, WINDOWS_ACCOUNT))
LINUX = Collector("linux_account", Platform.LINUX, (LINUX_ACCOUNT,), partial(read, LINUX_ACCOUNT))
