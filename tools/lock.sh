#!/usr/bin/env bash
# Renews constraints.txt: every package of every extra, pinned with hashes, without download addresses.
# Use: tools/lock.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$1" -m venv "$scratch"
"$scratch/bin/python" -m pip install --quiet pip-tools
env -u PIP_FIND_LINKS "$scratch/bin/pip-compile" --quiet --all-extras --generate-hashes --allow-unsafe --strip-extras \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-annotate --no-header --upgrade \
  --output-file "$scratch/constraints.txt" pyproject.toml
# The project itself comes in through its own extras, and is installed from the folder.
grep -v -e "^samescore @" -e "^#" "$scratch/constraints.txt" > constraints.txt
