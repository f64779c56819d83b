"""`gridwhistle exporter`: figures for Prometheus that no service can know of itself."""

import contextlib
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry, start_http_server

from deploy.cli._broker import clock, settings
from deploy.cli._console import fail, run, say
from deploy.exporter.look import Lookout
from deploy.exporter.metrics import ExporterMetrics
from shared.infra.clock import pause
from shared.infra.log import configure_logging
from shared.infra.settings import ServiceSettings
from shared.infra.wiring import wrong_settings_in_words

app = typer.Typer()

HOUR = 3_600.0


@app.command()
def exporter(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where /metrics is answered.")] = 8085,
    host: Annotated[str, typer.Option(envvar="GW_HTTP_HOST", help="On which address.")] = "127.0.0.1",
    every: Annotated[float, typer.Option(min=1, help="Seconds between two looks.")] = HOUR,
    patience: Annotated[float, typer.Option(min=0, help="As of gridwhistle check.")] = 60.0,
) -> None:
    """Check conservation and certificates again and again, and show what came of it on /metrics, until interrupted.

    It reads what `gridwhistle check` reads, with the operator's rights; one for all districts is enough.
    """
    registry = CollectorRegistry()
    with wrong_settings_in_words():
        own = ServiceSettings()
    configure_logging(own, "exporter")
    lookout = Lookout(settings(), clock(), ExporterMetrics.create(registry), patience)
    try:
        start_http_server(port, host, registry)
    except OSError as error:
        fail(f"Port {port} of {host} cannot be listened on: {error.strerror}.")
    say(f"http://{host}:{port}/metrics")
    with contextlib.suppress(KeyboardInterrupt):
        run(_again_and_again(lookout, every))


async def _again_and_again(lookout: Lookout, every: float) -> None:
    while True:
        await lookout.look()
        await pause(every)
