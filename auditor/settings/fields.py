"""What single values of a document may look like; each refusal says in a sentence what was expected."""

from __future__ import annotations

import datetime
import ipaddress
import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from auditor.settings.wording import found, shown

SENTENCE = "sentence"
_HOST_NAME = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HTTPS_ADDRESS = re.compile(r"https://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::[0-9]{1,5})?/?")
_PROXY = re.compile(r"https?://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::[0-9]{1,5})?/?")


class DocumentModel(BaseModel):
    """A group of settings: exactly the keys that are known, each of exactly its type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def hint_for(cls, key: str) -> str | None:
        """Say where an unknown key belongs, as the end of a sentence, or None where this group cannot tell."""
        return None


def mistake(sentence: str) -> PydanticCustomError:
    """Return the error that carries this sentence to the operator."""
    return PydanticCustomError(SENTENCE, "{sentence}", {"sentence": sentence})


def _is_control(character: str) -> bool:
    # Control, format (which can reverse what a terminal shows), surrogate, private and unassigned characters; and the
    # two separators that end a line.
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _line(text: str) -> str:
    if any(_is_control(character) for character in text):
        raise mistake("found a control character; expected one line of plain text.")
    if not text.strip():
        raise mistake("found an empty text; expected some words.")
    if len(text) > 500:
        raise mistake(f"found {len(text)} characters; expected at most 500.")
    return text.strip()


def _prose(text: str) -> str:
    return _line(" ".join(text.split()))


def _name(text: str) -> str:
    if len(text) > 100:
        raise mistake(f"found {len(text)} characters; expected a name of at most 100.")
    return _line(text)


def _zone(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?", text):
        raise mistake(f"found {shown(text)}; expected at most 30 small letters, digits and hyphens, such as dmz.")
    return text


def _host_name(text: str) -> str:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ipaddress.ip_address(bare)) if bare.isascii() and not re.search(r"\s", bare) else _refused(text)
    except ValueError:
        pass
    # Numbers and dots alone are never a name in DNS, but an address with a slip of the finger.
    if len(text) <= 253 and _HOST_NAME.fullmatch(text) and not re.fullmatch(r"[0-9]+(\.[0-9]+)+", text):
        return text
    return _refused(text)


def canonical_host(text: str) -> str:
    """Return the form in which two spellings of one host name or address are equal, also of a text that is neither."""
    try:
        return _host_name(text).casefold()
    except PydanticCustomError:
        return text.casefold()


def _refused(text: str) -> str:
    if "://" in text:
        raise mistake("found a URL; expected a host name or an IP address alone, without scheme and path.")
    if re.fullmatch(r"[A-Za-z0-9_.-]+:[0-9]+", text):
        raise mistake(
            f"found {shown(text)}; expected a host name or an IP address alone: the port is a key of its own."
        )
    raise mistake(f"found {shown(text)}; expected a host name or an IP address: letters, digits, dots and hyphens.")


def _path(text: str) -> str:
    _line(text)
    if text.startswith("~") and text[1:2] not in ("", "/", "\\"):
        raise mistake("found the home folder of another user; expected a full path.")
    return text


def _url_path(text: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9._~/-]*", text):
        raise mistake(f"found {shown(text)}; expected a path that starts with a slash, such as /wsman.")
    return text


def _proxy(text: str) -> str:
    if not _PROXY.fullmatch(text):
        raise mistake("expected a proxy such as http://proxy.example.com:3128, without user and password.")
    return text


def _https_address(text: str) -> str:
    if text.casefold().startswith("http://"):
        raise mistake("found http, over which everybody on the way could read the token; expected https.")
    if not _HTTPS_ADDRESS.fullmatch(text):
        raise mistake("expected an address such as https://lifetime.example.com, without user, path and query.")
    return text.rstrip("/")


def _user_name(text: str) -> str:
    if "@" in text:
        raise mistake("found a mail address; expected the part before the @: addresses are never kept.")
    return _name(text)


def _date(value: Any) -> Any:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            raise mistake(f"found {shown(value)}, which no calendar has; expected a date as 2026-12-31.") from None
    raise mistake(f"found {found(value)}; expected a date as 2026-12-31.")


Line = Annotated[str, AfterValidator(_line)]
Prose = Annotated[str, AfterValidator(_prose)]
Name = Annotated[str, AfterValidator(_name)]
HostName = Annotated[str, AfterValidator(_host_name)]
ZoneName = Annotated[str, AfterValidator(_zone)]
Port = Annotated[int, Field(ge=1, le=65535)]
FilePath = Annotated[str, AfterValidator(_path)]
UrlPath = Annotated[str, AfterValidator(_url_path)]
UserName = Annotated[str, AfterValidator(_user_name)]
HttpsAddress = Annotated[str, AfterValidator(_https_address)]
Proxy = Annotated[str, AfterValidator(_proxy)]
CalendarDate = Annotated[datetime.date, BeforeValidator(_date)]
