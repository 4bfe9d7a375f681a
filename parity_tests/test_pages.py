"""The pages for people in a real browser, on a desk and on a phone; pictures go to build/pictures."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from benchmarks.footprint import free_port
from parity_tests.browser import Browser, chromium
from parity_tests.services import running
from samescore_export import export

PICTURES = Path(__file__).resolve().parent.parent / "build" / "pictures"
ROWS = 400


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pages")
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "monthly_charge": random.uniform(5, 120, ROWS).round(2),
            "months": random.integers(0, 72, ROWS),
            "plan": random.choice(["basic", "family", "premium <b>"], ROWS),
        }
    )
    labels = np.where((frame["months"] < 20) & (frame["monthly_charge"] > 60), "leaves", "stays")
    encoder = make_column_transformer((OneHotEncoder(), ["plan"]), remainder="passthrough")
    model = make_pipeline(encoder, RandomForestClassifier(20, max_depth=5, random_state=0)).fit(frame, labels)
    export(model, frame, folder / "churn.onnx")
    port = free_port()
    with running(folder, port, "--workers", "2"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=[1280, 390])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    if chromium() is None:
        assert os.environ.get("CI") != "true", "no chromium; apt-get install chromium"
        pytest.skip("no chromium here")
    with Browser(request.param) as opened:
        yield opened


def fits(browser: Browser) -> None:
    """Nothing is wider than the screen."""
    assert browser.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def picture(browser: Browser, name: str) -> None:
    width = browser.evaluate("window.innerWidth")
    browser.picture(PICTURES / f"{name}-{width}.png")


def test_the_index(service: str, browser: Browser) -> None:
    browser.open(service)
    assert browser.evaluate("document.querySelector('tbody a').textContent") == "churn"
    fits(browser)
    picture(browser, "index")
    browser.evaluate("document.querySelector('tbody a').click()")
    browser.wait_for("location.pathname === '/models/churn/page' && document.readyState === 'complete'")
    assert browser.complaints == []


def test_a_model_is_shown_and_scores(service: str, browser: Browser) -> None:
    browser.open(f"{service}/models/churn/page")
    text = browser.evaluate("document.body.innerText")
    for told in ("monthly_charge", "premium <b>", "Proof", "predict_proba", "proven on onnxruntime"):
        assert told.lower() in text.lower()
    fits(browser)
    assert all(address.startswith((service, "data:")) for address in browser.requested())
    row = {"monthly_charge": 99.5, "months": 3, "plan": "premium <b>"}
    for name, value in row.items():
        browser.evaluate(f"document.querySelector('[name={name}]').value = {json.dumps(str(value))}")
    browser.evaluate("document.querySelector('#score button').click()")
    shown = browser.wait_for("document.querySelector('#answer td') && document.getElementById('answer').innerText")
    body = json.dumps({"rows": [row]}).encode()
    request = urllib.request.Request(f"{service}/models/churn/score", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        outputs = json.loads(answer.read())["outputs"]
    lines = dict(line.split("\t") for line in shown.splitlines())
    assert {name: json.loads(lines[name]) for name in outputs} == {name: rows[0] for name, rows in outputs.items()}
    browser.evaluate("document.querySelector('[name=months]').value = 'many'")
    browser.evaluate("document.querySelector('#score button').click()")
    browser.wait_for("document.getElementById('answer').innerText.includes('the string \"many\"')")
    # The browser itself notes that a request was refused.
    assert [line for line in browser.complaints if "422" not in line] == []
    browser.wait_for(
        "fetch('page').then(page => page.text()).then(text => text.includes('id=\"drift\"') && !text.includes('requests scored</th><td class=\"number\">0<'))"
    )
    browser.open(f"{service}/models/churn/page")
    assert browser.evaluate("document.querySelectorAll('#drift tbody tr').length") >= 3
    fits(browser)
    picture(browser, "model")


def test_the_api_can_be_tried_out(service: str, browser: Browser) -> None:
    browser.open(f"{service}/docs")
    fits(browser)
    picture(browser, "docs")
    count = browser.evaluate("document.querySelectorAll('form.try').length")
    for number in range(count):
        form = f"document.querySelectorAll('form.try')[{number}]"
        told = f"{form}.querySelector('.told').textContent"
        browser.evaluate(f"{form}.closest('details').open = true; {form}.querySelector('button').click()")
        assert browser.wait_for(f"{told}").startswith("200"), browser.evaluate(f"{form}.dataset.path + {told}")
    assert browser.complaints == []


def document(service: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{service}/openapi.json", timeout=10) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def test_the_document_has_the_real_columns(service: str) -> None:
    found = document(service)
    assert found["openapi"] == "3.1.0"
    row = found["components"]["schemas"]["churn.row"]
    assert list(row["properties"]) == ["monthly_charge", "months", "plan"]
    assert row["properties"]["plan"]["enum"] == ["basic", "family", "premium <b>"]
    for schema in found["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    asked = found["paths"]["/models/churn/score"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    jsonschema.validate(asked["examples"][0]["rows"][0], row)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**asked["examples"][0]["rows"][0], "plan": "none"}, row)


def test_answers_are_as_the_document_says(service: str) -> None:
    found = document(service)
    operation = found["paths"]["/models/churn/score"]["post"]
    resources = {"components": found["components"]}
    body = operation["requestBody"]["content"]["application/json"]["schema"]["examples"][0]
    for sent, status in ((body, "200"), ({"rows": [{}]}, "422"), ({}, "400")):
        request = urllib.request.Request(
            f"{service}/models/churn/score", json.dumps(sent).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                got, text = str(answer.status), answer.read()
        except urllib.error.HTTPError as error:
            got, text = str(error.code), error.read()
        assert got == status
        schema = operation["responses"][status]["content"]["application/json"]["schema"]
        jsonschema.validate(json.loads(text), {**schema, **resources})
