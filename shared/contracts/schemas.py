"""JSON Schema 2020-12 of messages, made from their classes: what AsyncAPI, OpenAPI and `contracts schema` share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

FILLED_IN = frozenset({"actor", "backdated_from", "district", "recorded_at"})
"""What intake puts into a command; whatever a partner says in these fields is overwritten."""

Schema = dict[str, Any]


class WithoutTitles(GenerateJsonSchema):
    """A title that only repeats the field's name in other letters is noise."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the library's signature
        """Say no."""
        return False


def definitions(types: Mapping[str, type[BaseModel]], ref: str) -> dict[str, Schema]:
    """Return the schemas of the classes and all they use, by class name; `ref` is like `#/$defs/{model}`."""
    wanted: Any = [(cls, "validation") for cls in types.values()]
    _, schema = models_json_schema(wanted, schema_generator=WithoutTitles, ref_template=ref)
    found: dict[str, Schema] = schema["$defs"]
    return found


def as_sent(schema: Schema) -> Schema:
    """Return the schema of a command as a partner sends it: without what intake fills in."""
    given = schema["properties"].items()
    properties = {name: value for name, value in given if name not in FILLED_IN and not value.get("readOnly")}
    required = [name for name in schema["required"] if name in properties]
    return {**schema, "properties": properties, "required": required}
