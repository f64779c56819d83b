"""A service that is set up wrongly says so in sentences and ends with status 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

KEYS = "/nonexistent/vault.keys"


@pytest.mark.parametrize(
    ("service", "settings", "why"),
    [
        ("router", {"GW_MODE": "funny"}, "GW_MODE: Input should be 'live', 'demo' or 'replay'"),
        ("router", {"GW_HTTP_PORT": "x"}, "GW_HTTP_PORT: "),
        ("router", {"GW_CLOCK_RATE": "2"}, "a virtual clock is refused in live mode"),
        ("escalation", {"GW_MONGO_URL": "nonsense://"}, "GW_MONGO_URL: "),
        ("intake", {}, "GW_VAULT_KEYS_FILE: is not set"),
        ("intake", {"GW_VAULT_KEYS_FILE": KEYS}, f"GW_VAULT_KEYS_FILE: the vault keys {KEYS} cannot be read"),
        ("notifier", {"GW_SMTP_PORT": "x"}, "GW_SMTP_PORT: "),
        ("notifier", {"GW_WEBHOOK_SECRETS_FILE": str(Path(__file__).parent)}, "Is a directory"),
    ],
)
def test_wrong_settings_are_sentences(service: str, settings: dict[str, str], why: str) -> None:
    """Neither a stack of calls nor the value, which may be a secret."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GW_")}
    done = subprocess.run(
        [sys.executable, "-m", f"services.{service}.main"],
        env=env | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
