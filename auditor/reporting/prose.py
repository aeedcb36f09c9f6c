"""The small text format of check pages: paragraphs, lists, numbered steps, literal blocks, `code`."""

from __future__ import annotations

import re

from auditor.reporting.shapes import Block, CheckText, Guidance, Link, Run

_BULLET = re.compile(r"[-*] +(.*)")
_STEP = re.compile(r"\d{1,3}[.)] +(.*)")
_WEB_ADDRESS = re.compile(r"https?://[!-~]{1,2000}")


def blocks(text: str) -> tuple[Block, ...]:
    """Return the blocks of a text; lines of a paragraph are joined, indented lines after a blank one are literal."""
    result: list[Block] = []
    for chunk in re.split(r"\n\s*\n", text.strip("\n")):
        result.extend(_chunk(chunk.splitlines()))
    return tuple(result)


def _chunk(lines: list[str]) -> list[Block]:
    if lines and all(line.startswith("    ") for line in lines):
        return [Block("literal", ((Run("\n".join(line[4:] for line in lines), code=True),),))]
    result: list[tuple[str, list[str]]] = []
    for line in lines:
        bullet, step = _BULLET.fullmatch(line.strip()), _STEP.fullmatch(line.strip())
        item = bullet or step
        kind = "list" if bullet else "steps" if step else "paragraph"
        if item is not None:
            if result and result[-1][0] == kind:
                result[-1][1].append(item[1])
            else:
                result.append((kind, [item[1]]))
        elif result:
            result[-1][1][-1] += f" {line.strip()}"
        else:
            result.append((kind, [line.strip()]))
    return [Block(kind, tuple(runs(item) for item in items)) for kind, items in result if any(items)]


def plain_text(parts: tuple[Block, ...]) -> str:
    """Return blocks as lines of text without mark-up."""
    lines: list[str] = []
    for block in parts:
        for number, item in enumerate(block.items, start=1):
            mark = {"steps": f"{number}. ", "list": "- "}.get(block.kind, "")
            lines.append(mark + "".join(run.text for run in item))
    return "\n".join(lines)


def runs(text: str) -> tuple[Run, ...]:
    """Split a text at its backticks; an odd one is a character like any other."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    return tuple(Run(part, code=index % 2 == 1) for index, part in enumerate(parts) if part)


def link(title: str, address: str) -> Link:
    """Return a source whose address may be followed only if it is a web address."""
    return Link(title, address if _WEB_ADDRESS.fullmatch(address) else "")


def guidance(text: CheckText | None) -> Guidance | None:
    """Return the page of a check in blocks, None where the rules of today do not know the check."""
    if text is None:
        return None
    return Guidance(
        why=blocks(text.sections.get("Why it matters", "")),
        decided=blocks(text.sections.get("How it is decided", "")),
        fix=blocks(text.sections.get("How to fix", "")),
        links=tuple(link(title, address) for title, address in text.references),
    )
