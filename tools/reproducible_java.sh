#!/usr/bin/env bash
# Builds the Java client's jars twice, from copies of the sources in two places at two times, and compares their bytes.
# Use: tools/reproducible_java.sh [options of Maven]
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for copy in one another-with-a-longer-name; do
  mkdir "$work/$copy"
  cp -r java-client/pom.xml java-client/src "$work/$copy/"
  find "$work/$copy" -type f -exec touch {} +
  (cd "$work/$copy" && TZ=$([ "$copy" = one ] && echo UTC || echo Asia/Tokyo) mvn -B -q -ntp package -Dmaven.test.skip "$@")
done
cd "$work/one/target"
for jar in *.jar; do
  cmp "$jar" "$work/another-with-a-longer-name/target/$jar"
  sha256sum "$jar"
done
