"""Places on a Windows server that several subjects look at."""

from __future__ import annotations

from typing import Any

SERVER_KEY = r"HKLM\SOFTWARE\OutSystems\Installer\Server"
_DEFAULT_INSTALL_FOLDER = r"%ProgramFiles%\OutSystems\Platform Server"


def in_install_folder(path: str, **more: Any) -> dict[str, Any]:
    """Return a place below the install folder: the one in the registry, else the installer's default.

    The default is looked at too, because a folder without its registry key is the sign of a broken installation.
    """
    return {
        "path": path,
        "base": {"key": SERVER_KEY, "value": ""},
        "otherwise": _DEFAULT_INSTALL_FOLDER,
        **more,
    }
