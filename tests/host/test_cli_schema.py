# SPDX-License-Identifier: MIT
"""What commands write in JSON, from test_ts_cli*.c, against the schemas in the tree."""

import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest

from machine import default_build

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {p.stem: json.loads(p.read_text()) for p in (ROOT / "toolstack/schema").glob("*.json")}
# Parts of other schemas; verbs of the user's machine (tests/system/test_machines.py); and
# what the model has nothing of (test_tool_verbs.py).
PARTS = {"domain", "result", "up", "down", "machines", "trace"}


def validator(name):
    store = {schema["$id"]: schema for schema in SCHEMAS.values()}
    resolver = jsonschema.RefResolver("", SCHEMAS[name], store=store)
    return jsonschema.Draft7Validator(SCHEMAS[name], resolver=resolver)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Documents by verb."""
    folder = tmp_path_factory.mktemp("json")
    for name in ("test_ts_cli", "test_ts_cli_console"):
        target = default_build() / "host" / "gcc" / name
        subprocess.run(["make", "-s", f"BUILD={default_build()}", str(target)], cwd=ROOT,
                       check=True, capture_output=True)
        subprocess.run([target], env={**os.environ, "CLI_JSON_DIR": str(folder)},
                       check=True, capture_output=True, timeout=120)
    found = {}
    for path in sorted(folder.glob("*.json")):
        text = path.read_text(encoding="utf-8")
        at = 0
        while at < len(text):
            document, at = json.JSONDecoder().raw_decode(text, at)
            found.setdefault(path.name.split(".")[0], []).append(document)
            while text[at:at + 1].isspace():
                at += 1
    return found


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schema(name):
    jsonschema.Draft7Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"{name}.json"


@pytest.mark.parametrize("name", sorted(set(SCHEMAS) - PARTS))
def test_output(name, outputs):
    assert outputs.get(name), f"no document of {name} was written by the test"
    for document in outputs[name]:
        validator(name).validate(document)


def test_every_verb_has_a_schema(outputs):
    verbs = {verb["name"] for document in outputs["help"] for verb in document["verbs"]}
    assert verbs - {"upward"} <= set(SCHEMAS)
