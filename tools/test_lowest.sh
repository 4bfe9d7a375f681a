#!/usr/bin/env bash
# Runs the Python tests with the lowest version of every direct dependency that pyproject.toml declares.
# Use: tools/test_lowest.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-lowest
"$1" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
VIRTUAL_ENV="$PWD/$venv" "$venv/bin/uv" pip install --quiet --resolution lowest-direct -e ".[test]"
"$venv/bin/python" -m pip list --disable-pip-version-check 2>/dev/null | grep -i -E "^(numpy|onnx|scikit|skl2onnx|skops|pandas|flask|granian|orjson|pyarrow)"
"$venv/bin/python" -m pytest -n 2 --dist loadfile -q --deselect parity_tests/test_lean_install.py --deselect parity_tests/test_java_examples.py
