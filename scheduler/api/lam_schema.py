"""Writes the JSON Schema of every LAM message: `python -m scheduler.api.lam_schema > docs/lam.schema.json`."""

import json
import sys
from typing import Any

from pydantic.json_schema import models_json_schema

from scheduler.core.lam_message import class_of
from scheduler.core.lam_protocol import VERSION, MessageType


def lam_schema() -> dict[str, Any]:
    """Return one schema that every message fits; which one of the types decides `type`."""
    classes = {kind: class_of({"type": kind.value}) for kind in MessageType}
    _, definitions = models_json_schema([(model, "validation") for model in classes.values()], by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:cpa:lam:{VERSION}",
        "title": f"LAM {VERSION}",
        "description": "Lumina Agent Messages; docs/LAM_PROTOCOL.md says what they mean.",
        "oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in classes.values()],
        "$defs": _with_type(definitions["$defs"], {model.__name__ for model in classes.values()}),
    }


def _with_type(definitions: dict[str, Any], messages: set[str]) -> dict[str, Any]:
    """Say that what `from_dict` never makes up must be there; the schema of a model does not know that."""
    for name in messages:
        definition = definitions[name]
        definition["required"] = sorted({"id", "ts", "type", "sender", "to"} | set(definition.get("required", ())))
    return definitions


if __name__ == "__main__":
    sys.stdout.write(json.dumps(lam_schema(), indent=2, ensure_ascii=False) + "\n")
