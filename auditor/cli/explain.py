"""`osaudit explain`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class PlatformName(StrEnum):
    """Whose questions."""

    WINDOWS = "windows"
    LINUX = "linux"
    LIFETIME = "lifetime"


class Form(StrEnum):
    """For people or for programs."""

    TEXT = "text"
    JSON = "json"


def explain(
    platform: Annotated[PlatformName | None, typer.Option(help="Only the questions of one platform.")] = None,
    form: Annotated[Form, typer.Option("--format", help="For people or for programs.")] = Form.TEXT,
) -> None:
    """Print every question that is asked of a server: what, why, and the least right it needs."""
    import json

    from auditor.collectors import COLLECTORS
    from auditor.model.question import Verb
    from auditor.transports.lifetime_calls import request_in_words

    collectors = [item for item in COLLECTORS if platform is None or item.platform.value == platform.value]
    if form is Form.JSON:
        rows = [
            {
                "id": question.id,
                "platform": question.platform.value,
                "verb": question.verb.value,
                "arguments": dict(question.arguments),
                "why": question.why,
                "rights": question.rights,
            }
            for collector in collectors
            for question in collector.questions
        ]
        typer.echo(json.dumps({"osaudit_questions": 1, "questions": rows}, indent=2, sort_keys=True))
        return
    for collector in collectors:
        typer.echo(f"{collector.name} ({collector.platform})")
        for question in collector.questions:
            typer.echo(f"  {question.id}: {question.verb} {_words(dict(question.arguments))}")
            if question.verb is Verb.LIFETIME:
                typer.echo(f"      requests: {request_in_words(question.arguments['call'])}")
            typer.echo(f"      why: {question.why}")
            typer.echo(f"      needs: {question.rights}")
        typer.echo()


def _words(arguments: dict[str, object]) -> str:
    import json

    return json.dumps(arguments, ensure_ascii=False, sort_keys=True) if arguments else ""
