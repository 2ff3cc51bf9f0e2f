# SPDX-License-Identifier: MIT
"""The JSON schemas in toolstack/schema: check("list", document) raises ValidationError."""

import json
from pathlib import Path

import jsonschema

FOLDER = Path(__file__).resolve().parents[2] / "toolstack" / "schema"


def check(name, document):
    schemas = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
    schema = schemas[f"{name}.json"]
    resolver = jsonschema.RefResolver("", schema, store=schemas)
    jsonschema.Draft7Validator(schema, resolver=resolver).validate(document)
