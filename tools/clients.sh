#!/usr/bin/env bash
# Makes an environment for each foreign client of the service, apart from ours: they need other versions of the same packages, and of each other's.
# Use: tools/clients.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."
make_one() {
  [ -e ".venv-clients/$2/.done" ] && return
  "$1" -m venv ".venv-clients/$2"
  ".venv-clients/$2/bin/python" -m pip install --quiet --disable-pip-version-check "${@:3}"
  touch ".venv-clients/$2/.done"
}
make_one "$1" triton "tritonclient[http]==2.73.0"
make_one "$1" kserve "kserve==0.21.0"
make_one "$1" mlserver "mlserver==1.7.1"
make_one "$1" schemathesis "schemathesis==4.32.5"
make_one "$1" starlette "starlette==1.10.0" "uvicorn[standard]==0.54.0" "onnxruntime==1.32.0" "numpy==2.4.6" "orjson==3.13.0"
