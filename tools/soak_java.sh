#!/usr/bin/env bash
# Resident memory of the Java client: 10 million rows from 8 threads, then 2,000 models opened and closed.
# Use: tools/soak_java.sh VENV/bin [ROWS [CYCLES [THREADS [BOUND_MB]]]]
set -euo pipefail
cd "$(dirname "$0")/.."
models="$PWD/build/bench-java"
[ -e "$models/logistic.onnx" ] || "$1/python" -m benchmarks.java_models "$models"
cd java-client
mvn -q -B -ntp install -DskipTests -Dmaven.javadoc.skip -Dmaven.source.skip
mvn -q -B -ntp -f benchmarks package
# A heap of a fixed size: what grows is not Java's.
exec java -Xms128m -Xmx128m -XX:+AlwaysPreTouch -XX:+UseSerialGC \
  -cp "benchmarks/target/classes:$(cat benchmarks/target/classpath)" io.samescore.benchmarks.Soak "$models/logistic.onnx" "${@:2}"
