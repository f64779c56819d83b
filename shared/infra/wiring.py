"""How a service's process begins: what is wrong with its settings is said in sentences, and ends it with status 2."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pydantic import ValidationError
from pymongo.errors import ConfigurationError

from shared.infra.app import ResilientApp, serve
from shared.infra.clock import ClockFault, set_wrong
from shared.infra.connections import PREFIX, AuthorityError
from shared.infra.log import configure_logging
from shared.infra.settings import ServiceSettings
from shared.infra.vault import VaultKeysError

WRONG_SETTINGS = 2

T = TypeVar("T", bound=ServiceSettings)


def run_process(name: str, settings_type: type[T], create_app: Callable[[T], ResilientApp]) -> None:
    """Run one process of a service until it is told to end.

    Raises:
        SystemExit: as below.
    """
    with wrong_settings_in_words():
        settings = settings_type()
        configure_logging(settings, name)
        if settings.fault_clock:
            set_wrong(ClockFault.parse(settings.fault_clock))
        app = create_app(settings)
    asyncio.run(serve(app, settings))


@contextmanager
def wrong_settings_in_words() -> Iterator[None]:
    """Read settings and build the service inside: nothing of it needs the broker or the database.

    Raises:
        SystemExit: a setting is missing or wrong, or a file that one names cannot be read.
    """
    try:
        yield
    except ValidationError as error:
        _end([_sentence(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors(include_input=False)])
    except ConfigurationError as error:
        _end([f"{PREFIX}MONGO_URL: {error}"])
    except AuthorityError as error:
        _end([f"{PREFIX}KAFKA_CA_FILE: {error}"])
    except VaultKeysError as error:
        _end([f"{PREFIX}VAULT_KEYS_FILE: {error}"])
    except OSError as error:
        _end([f"{error.filename}: {error.strerror}"])


def _sentence(name: str, message: str) -> str:
    """Return one mistake by the name of its variable; what was set may be a secret and is left out."""
    said = message.removeprefix("Value error, ")
    if not name:
        return said
    return f"{PREFIX}{name.upper()}: {'is not set, and must be' if said == 'Field required' else said}"


def _end(mistakes: list[str]) -> None:
    for mistake in mistakes:
        sys.stderr.write(f"{mistake}\n")
    raise SystemExit(WRONG_SETTINGS)
