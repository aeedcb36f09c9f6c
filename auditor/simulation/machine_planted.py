"""Secrets planted in every model, so that tests can prove that none of them ever leaves a server."""

from __future__ import annotations

import base64
import hashlib

MARK = "osaudit-planted"

ADMIN_PASSWORD = f"$2${MARK}-admin-password"
CLEAR_ADMIN_PASSWORD = f"{MARK}-clear-admin-password"
RUNTIME_PASSWORD = f"$2${MARK}-runtime-password"
LOG_PASSWORD = f"$2${MARK}-log-password"
SESSION_PASSWORD = f"$2${MARK}-session-password"
SERVICE_PASSWORD = f"$2${MARK}-service-password"
PLATFORM_ADMIN_PASSWORD = f"{MARK}-platform-admin-password"
ADVANCED_SETTINGS = f"Application Name={MARK}-advanced-settings"
POOL_PASSWORD = f"[enc:AesProvider:{MARK}-pool-password:enc]"
CONNECTION_STRING = f"data source=sql;password={MARK}-connection-string"
SETTINGS_VALUE = f"{MARK}-settings-value"
BROKER_PASSWORD = f"{MARK}-broker-password"
ERLANG_COOKIE = f"{MARK.upper().replace('-', '')}ERLANGCOOKIE"
COMMAND_LINE = f"--password={MARK}-command-line"
LICENCE_CODE = f"{MARK}-licence-code"

PLANTED = (
    ADMIN_PASSWORD, CLEAR_ADMIN_PASSWORD, RUNTIME_PASSWORD, LOG_PASSWORD, SESSION_PASSWORD, SERVICE_PASSWORD,
    PLATFORM_ADMIN_PASSWORD, ADVANCED_SETTINGS, POOL_PASSWORD, CONNECTION_STRING, SETTINGS_VALUE, BROKER_PASSWORD,
    ERLANG_COOKIE, COMMAND_LINE, LICENCE_CODE,
)  # fmt: skip


def private_key_line(seed: str) -> str:
    """Return the secret line of the private key that servers with this seed share."""
    return base64.b64encode(hashlib.sha256(f"{MARK}-private-key-{seed}".encode()).digest()[:16]).decode()


def private_key_text(seed: str) -> str:
    """Return a private.key: comment lines, then one Base64 line of 16 bytes."""
    return f"--\r\n-- This file is the private key of the environment.\r\n--\r\n{private_key_line(seed)}\r\n"


def serial_of(name: str) -> str:
    """Return a serial number in the vendor's form: eight groups of three characters."""
    digest = hashlib.sha256(name.encode()).hexdigest().upper()
    return "-".join(digest[start : start + 3] for start in range(0, 24, 3))
