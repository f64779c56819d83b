"""`gridwhistle run SERVICE`: one service in the foreground, for every district or for some."""

import os
import pkgutil
import sys
from pathlib import Path
from typing import Annotated

import typer

import services
from deploy.cli._districts import check_code

app = typer.Typer()


def known() -> list[str]:
    """Return the services there are: the folders of services/ with a main.py."""
    return sorted(
        found.name
        for found in pkgutil.iter_modules(services.__path__)
        if any((Path(root) / found.name / "main.py").is_file() for root in services.__path__)
    )


@app.command()
def run(
    service: Annotated[str, typer.Argument(help="intake, router, escalation, notifier ...")],
    district: Annotated[
        list[str] | None, typer.Option(help="Six digits; may be repeated. None: every district.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="HTTP port for /healthz /readyz /metrics.")] = None,
) -> None:
    """Run SERVICE here until it is told to stop; other settings come from the environment (GW_...)."""
    if service not in known():
        raise typer.BadParameter(
            f"there is no service {service!r}; there are: {', '.join(known())}", param_hint="SERVICE"
        )
    if district:
        os.environ["GW_DISTRICTS"] = ",".join(map(check_code, district))
    if port is not None:
        os.environ["GW_HTTP_PORT"] = str(port)
    # The service replaces this process: a signal for the command is a signal for the service.
    os.execv(sys.executable, [sys.executable, "-m", f"services.{service}.main"])  # noqa: S606
