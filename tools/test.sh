#!/usr/bin/env bash
# Every test: Python in parallel, then the parity suite's artifacts on the JVM.
# Use: tools/test.sh VENV/bin      (CI=true: a missing tool is a failure, not a notice)
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$1
"$bin/ruff" format --check .
"$bin/ruff" check .
"$bin/mypy"
"$bin/python" -m pytest -n 2 --dist loadfile
if command -v mvn >/dev/null && command -v javac >/dev/null; then
  "$bin/python" -m parity_tests.report -o build/parity --artifacts build/artifacts/parity
  (cd java-client && mvn -B -ntp verify -Dsamescore.artifacts="$PWD/../build/artifacts")
elif [ "${CI:-}" = true ]; then
  echo "java-client: no JDK or Maven; CI needs both" >&2
  exit 1
else
  echo "java-client: not tested, as there is no JDK or Maven here (JDK 17 and Maven 3.8 or newer)" >&2
fi
