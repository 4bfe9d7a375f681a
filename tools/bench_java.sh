#!/usr/bin/env bash
# The Java client beside hand-written code, with JMH.
# Use: tools/bench_java.sh VENV/bin [options of JMH]
set -euo pipefail
cd "$(dirname "$0")/.."
models="$PWD/build/bench-java"
"$1/python" -m benchmarks.java_models "$models"
cd java-client
mvn -q -B -ntp install -DskipTests -Dmaven.javadoc.skip -Dmaven.source.skip
mvn -q -B -ntp -f benchmarks package
exec java -cp "benchmarks/target/classes:$(cat benchmarks/target/classpath)" org.openjdk.jmh.Main \
  -jvmArgsAppend "-Dmodels=$models -Xmx512m" "${@:2}"
