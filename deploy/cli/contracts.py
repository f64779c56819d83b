"""`gridwhistle contracts`: what crosses the bus and HTTP, for partners and their tools."""

import sys
from typing import Annotated

import typer
import yaml

from deploy.cli._console import print_json
from deploy.cli._types import required_name
from deploy.contracts.asyncapi import document
from deploy.contracts.flows import FLOWS
from deploy.contracts.schemas import inbound_types, message_types, schema_of
from services.intake.adapters.openapi import document as http_document

app = typer.Typer(
    name="contracts", help="Print what crosses the bus, for partners and their tools.", no_args_is_help=True
)


@app.command()
def asyncapi(
    service: Annotated[
        str | None, typer.Option(help=f"Only what one party sees: {', '.join(FLOWS)}. None: the whole bus.")
    ] = None,
    as_yaml: Annotated[bool, typer.Option("--yaml/--json", help="YAML instead of JSON.")] = False,
) -> None:
    """Print the AsyncAPI 3.0 document."""
    if service is not None and service not in FLOWS:
        raise typer.BadParameter(f"there is no {service!r}; there are: {', '.join(FLOWS)}", param_hint="--service")
    made = document(service)
    if as_yaml:
        yaml.dump(made, sys.stdout, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120)
    else:
        print_json(made)


@app.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document of intake's HTTP, which intake also serves at /openapi.json."""
    print_json(http_document())


@app.command()
def schema(
    type_: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="e.g. gridwhistle.task.assigned.v1, or task.assigned.")
    ] = None,
    sent: Annotated[
        bool, typer.Option("--sent", help="A command as a partner sends it, without what intake fills in.")
    ] = False,
) -> None:
    """Print the JSON Schema (2020-12) of one message type; without TYPE an object that holds all of them by type."""
    known = inbound_types() if sent else message_types()
    if type_ is None:
        print_json({name: schema_of(name, inbound=sent) for name in known})
    else:
        print_json(schema_of(required_name(type_, known, "TYPE"), inbound=sent))


class _Plain(yaml.SafeDumper):
    """Writes every value out: parts that happen to be the same are not anchors for one another."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the library's signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _text)
