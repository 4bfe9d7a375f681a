#!/usr/bin/env bash
# Makes a virtual environment with the pinned packages of constraints.txt and samescore itself, editable.
# Use: tools/setup.sh PYTHON VENV
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1 venv=$2
"$python" - <<'PY' || { echo "samescore needs Python 3.11 or newer; set PYTHON=..." >&2; exit 2; }
import sys
sys.exit(sys.version_info < (3, 11))
PY
echo "setting up $venv (a minute or two the first time) ..." >&2
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
