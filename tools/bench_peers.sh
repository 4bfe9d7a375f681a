#!/usr/bin/env bash
# The Java client beside JPMML-Evaluator on the same forest, with JMH.
# Use: tools/bench_peers.sh VENV/bin [options of JMH]
set -euo pipefail
cd "$(dirname "$0")/.."
models="$PWD/build/bench-java"
"$1/python" -m benchmarks.java_models "$models"
if [ ! -e .venv-pmml/.done ]; then
  "$1/python" -m venv .venv-pmml
  .venv-pmml/bin/pip install --quiet --disable-pip-version-check "sklearn2pmml==0.133.1" "scikit-learn==1.8.0" pandas
  touch .venv-pmml/.done
fi
.venv-pmml/bin/python benchmarks/java_pmml.py "$models"
cd java-client
mvn -q -B -ntp install -DskipTests -Dmaven.javadoc.skip -Dmaven.source.skip
mvn -q -B -ntp -f benchmarks/peers package
exec java -cp "benchmarks/peers/target/classes:$(cat benchmarks/peers/target/classpath)" org.openjdk.jmh.Main \
  -jvmArgsAppend "-Dmodels=$models -Xmx512m" "${@:2}"
