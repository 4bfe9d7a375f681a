"""Every mutant of every model before the prover: ``python -m parity_tests.mutation.battery -o DIR``.

A mutant is caught by certificates (what they claim does not hold in its graph), by probes (a score differs beyond its bound, or it does
not run), or by the comparison bit by bit alone. What probes do not catch is within tolerance on all of them: it would pass as a graph
that others made. Writes mutants.md and mutants.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from pebble import ProcessPool

from parity_tests.mutation.anywhere import ANYWHERE
from parity_tests.mutation.editing import Mutation
from parity_tests.mutation.metadata import METADATA
from parity_tests.mutation.mutations import MUTATIONS
from parity_tests.zoo import CASES
from samescore_export import export_proven
from samescore_export.artifact_writer import artifact_bytes
from samescore_export.certificate import FinishedGraph
from samescore_export.compiler import Compiled, compile_model
from samescore_export.evidence import Evidence, gather
from samescore_export.graph_certificate import differences
from samescore_export.metadata_certificate import contract_certificate, goldens_certificate
from samescore_export.prover import prove
from samescore_export.registry import standard_registry
from samescore_export.sample import read_sample, takes_dicts
from samescore_runtime.artifact import read_artifact
from samescore_runtime.errors import ArtifactError, InputError
from samescore_runtime.model import load

#: Models whose graphs are mutated: one or more of each way of computing.
MODELS: tuple[str, ...] = (
    "tree/DecisionTreeClassifier", "tree/DecisionTreeRegressor", "tree/fitted with NaN", "forest/RandomForestClassifier, 2 classes, pure",
    "forest/RandomForestClassifier, 3 classes, impure", "forest/RandomForestRegressor with NaN", "forest/mixed table",
    "boosting/GradientBoostingClassifier, 3 classes", "boosting/its probabilities, 2 classes", "scaler/standard before a forest",
    "scaler/standard", "scaler/minmax clipped", "imputer/constant with indicator", "one-hot/ignore", "one-hot/infrequent",
    "ordinal/unknown nan, missing -2", "columns/selector", "columns/union", "linear/LogisticRegression, 2 classes",
    "linear/LogisticRegression, 3 classes", "linear/Ridge", "linear/LinearSVC, 3 classes", "bayes/gaussian, 3 classes",
    "bayes/multinomial, 2 classes", "svm/SVC rbf, 3 classes", "svm/SVR", "calibrated/sigmoid, 2 classes",
    "calibrated/isotonic, 2 classes", "boosters/XGBRegressor plain", "cluster/KMeans", "decomposition/PCA whiten=True", "text/tf-idf",
    "histogram/2 classes", "ensemble/stacking, 2 classes", "imputers/KNNImputer", "mixture/GaussianMixture full",
    "gaussian_process/Regressor Matern(length_scale=1, nu=1.5)", "neighbors/KNeighborsClassifier kd tree, uniform",
    "one-vs-one/LogisticRegression, 3 classes", "bins/onehot, quantile", "polynomial/2", "power/yeo-johnson", "quantile/uniform",
    "spline/constant", "target-encoder/numbers", "scenario/demand", "scenario/recommender", "scenario/spam",
    "text/counts of pairs", "text/runs of letters", "text/classified", "dicts/DictVectorizer, forest", "dicts/FeatureHasher plain",
    "neighbors/KNeighborsClassifier brute, distance", "kernels/KernelRidge rbf", "kernels/Nystroem poly", "svm/NuSVC",
    "svm/SVC breaking ties", "gaussian_process/Regressor Matern(length_scale=1, nu=2.5)", "float32/StandardScaler", "tree/float32 input",
    "one-hot/dense", "several targets/RandomForestClassifier", "several targets/DecisionTreeRegressor", "multioutput/Ridge, numbers",
    "chain/tree", "boosters/LGBMRegressor plain", "histogram/native categories", "bayes/categories", "imputers/IterativeImputer",
    "semi_supervised/LabelSpreading {'gamma': 20.0}", "manifold/Isomap", "norm/max", "columns/pandas' own types, missing",
    "labels/LabelBinarizer, string", "cluster/Birch", "covariance/EllipticEnvelope 0 options", "target/log1p", "dummy/prior",
    "output-code/LogisticRegression", "leaves as columns/sparse", "polynomial/sparse", "chosen/tuned threshold",
)  # fmt: skip

BUDGET = 500

#: All kinds of change to a graph.
KINDS: Mapping[str, Mutation] = {**MUTATIONS, **ANYWHERE}

#: Why a mutant of a kind can be within tolerance on every probe.
QUIET: Mapping[str, str] = {
    "constant one ulp up": "a summand's last bit is below the rounding bound of its sum; or the value is never reached (a clip, a padding)",
    "constant one ulp down": "as one ulp up",
    "constant by 1e-6": "the value is multiplied by zero on every row, or never reached",
    "constant's sign": "zero has no other sign that counts; or the value is never reached",
    "constant rounded to float32": "the coefficient's change is below the bound, or the value is never reached",
    "two constants exchanged": "the two are used alike",
    "inputs through float32": "trees round their input to float32 themselves; ints, categories and texts are exact in it",
    "the last of equals": "no two inexact numbers are equal on any probe",
    "the other comparison": "no inexact number equals its threshold on any probe",
    "comparison turned about": "both sides of the choice give the same number on every probe",
    "side of missing values": "the contract lets no missing value in, or no probe with one reaches the split",
    "split one ulp up": "few of many splits are probed; certificates cover all",
    "split one ulp down": "few of many splits are probed; certificates cover all",
    "less in place of less or equal": "no probe equals the split: it lies between two float32 numbers",
    "leaf one ulp up": "a sum rounds it away, or no probe reaches the leaf; certificates cover all",
    "a link too many": "onnxruntime applies no link to one target",
    "mean in place of sum": "one tree has the same mean as sum",
    "index one more": "a number of rows or of steps that no probe exceeds",
    "index one less": "as one more",
    "a category's key": "no probe has the category that was lost",
    "a category's code": "no probe has the categories that were exchanged",
    "the other arithmetic": "a sum or a product with zero or one on every probe",
    "the other reduction": "one of them is over one number",
    "inputs exchanged": "both inputs are the same on every probe",
    "an input lost": "the input adds zero on every probe",
    "a category out of a set": "no probe has the category in a row that comes by the split; certificates cover all",
    "a string lost": "the string is a word or a label that no probe gives",
    "branches exchanged": "both branches give the same on every probe that comes by",
    "code of the unknown": "the unknown is treated as what the code now stands for",
    "labels in another order": "the labels are the words of a vocabulary, and no probe has the exchanged ones",
    "n-gram one further": "no probe has either of the two n-grams",
    "splits rounded to float32": "no probe lies between a split and its rounding; certificates cover all",
    "the other extreme": "all candidates are equal on every probe",
    "two leaves exchanged": "the two have the same value, or no probe comes by; certificates cover all",
    "a step left out": "the step changes nothing on any probe (a clip never reached, an absolute value of positive numbers)",
    "another feature": "no probe comes by the split; certificates cover all",
    "leaf of another target": "no probe comes by the leaf; certificates cover all",
    "any attribute": "one element of many, such as a split or a leaf, that no probe comes by; or an option that does not matter here",
    "any constant": "as one ulp up, or an element that no probe comes by",
    "any node removed": "the node changes nothing on any probe",
    "the last step lost": "the step changes nothing on any probe",
    "any two inputs exchanged": "both inputs are the same on every probe",
    "another opset": "the operators of the graph are the same in both",
    "branches of a choice exchanged": "both branches give the same, in another time (decision 0012): no change at all",
    "columns of an input exchanged": "the two columns are used alike on every probe",
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong graph, and what caught it: ``certificates``, ``probes``, ``bits``, or nothing (``missed``).

    ``same`` says that every probe's scores have the bits that the right graph gives: as far as probes tell, it is no change at all.
    """

    model: str
    kind: str
    what: str
    certificates: bool
    probes: bool
    bits: bool
    first: str
    same: bool = False

    @property
    def caught(self) -> bool:
        return self.certificates or self.probes or self.bits


def mutants_of(case_id: str, seed: int = 0) -> Iterator[tuple[str, str, onnx.ModelProto, Compiled, Evidence, Any]]:
    """Each mutant of a model: kind, what was changed, the graph, and what it is judged by."""
    case = CASES[case_id]
    model, X = case.build()
    compiled = compile_model(model, read_sample(X, takes_dicts(model)), standard_registry(), case.methods, case.layout)
    evidence = gather(model, compiled, seed, BUDGET)
    for kind, mutate in KINDS.items():
        # A stream of its own for each model and kind: a new kind leaves the mutants of the others as they were.
        rng = np.random.default_rng(zlib.crc32(f"{seed} {case_id} {kind}".encode()))
        for what, mutant in mutate(compiled.model, rng):
            yield kind, what, mutant, compiled, evidence, model


def judge(
    case_id: str,
    right: Mapping[str, NDArray[Any]],
    kind: str,
    what: str,
    mutant: onnx.ModelProto,
    compiled: Compiled,
    evidence: Evidence,
    model: Any,
) -> Mutant:
    """Prove one mutant against the model it is not; ``right`` is what the graph gives without the change."""
    finished = FinishedGraph(mutant, compiled.used)
    wrong = [failure for certificate in compiled.certificates for failure in certificate.verify(finished).failures]
    changed = list(differences(mutant, compiled.model))
    try:
        proof = prove(model, replace(compiled, model=mutant, certificates=()), 0, BUDGET, evidence)
        differs: Sequence[str] = proof.failures
        same = all(_same_bits(values, right[name]) for name, values in proof.got.items())
    except ArtifactError as error:
        differs, same = (str(error),), False
    first = next(iter([*wrong, *differs, *changed]), "")
    return Mutant(case_id, kind, what, bool(wrong), bool(differs), bool(changed), first[:200], same)


def _same_bits(found: NDArray[Any], right: NDArray[Any]) -> bool:
    if found.shape != right.shape or found.dtype != right.dtype:
        return False
    return found.tolist() == right.tolist() if found.dtype == object else found.tobytes() == right.tobytes()


def metadata_mutants(case_id: str, seed: int = 0) -> Iterator[Mutant]:
    """Artifacts with a sound graph that say something wrong of themselves, judged as ``samescore prove`` does.

    ``probes`` says that loading refuses them already.
    """
    case = CASES[case_id]
    model, X = case.build()
    exported = export_proven(model, X, case.methods, layout=case.layout, budget=BUDGET)
    written = onnx.ModelProto.FromString(exported.artifact.content)
    entries = {item.key.removeprefix("samescore."): json.loads(item.value) for item in written.metadata_props}
    del entries["integrity"]
    for kind, mutate in METADATA.items():
        rng = np.random.default_rng(zlib.crc32(f"{seed} {case_id} {kind}".encode()))
        for what, changed in mutate(entries, rng):
            content = artifact_bytes(exported.compiled.model, changed)
            artifact = read_artifact(content)
            verdicts = (
                contract_certificate(artifact, exported.compiled),
                goldens_certificate(artifact, exported.compiled, model),
            )
            wrong = [line for item in verdicts for line in item.verify(FinishedGraph(exported.compiled.model)).failures]
            try:
                load(content)
                refused = False
            except (ArtifactError, InputError):
                refused = True
            yield Mutant(case_id, kind, what, bool(wrong), refused, False, next(iter(wrong), "")[:200])


def run_model(case_id: str) -> list[Mutant]:
    """All mutants of one model, judged."""
    found: list[Mutant] = []
    right: Mapping[str, NDArray[Any]] = {}
    for kind, what, mutant, compiled, evidence, model in mutants_of(case_id):
        right = right or prove(model, compiled, 0, BUDGET, evidence).got
        found.append(judge(case_id, right, kind, what, mutant, compiled, evidence, model))
    return [*found, *metadata_mutants(case_id)]


def table(mutants: Sequence[Mutant]) -> str:
    """The battery as a Markdown page: by kind, then what no probe showed."""
    graphs, files = ([m for m in mutants if (m.kind in METADATA) == of_files] for of_files in (False, True))
    lines = [
        "# The prover tested by mutation",
        "",
        "Made by `make mutants`. A mutant is a compiled graph with one thing wrong. It is caught by certificates, by probes, or at last by the",
        "comparison of the whole graph, bit by bit, with what compiling the model gives; or it is an artifact whose graph is sound and which says",
        "something wrong of itself behind a renewed checksum.",
        "",
        f"{len(mutants)} mutants of {len({m.model for m in mutants})} models, {len({m.kind for m in mutants})} kinds: "
        f"{sum(m.caught for m in mutants)} caught.",
        "",
        "| kind | mutants | by certificates | by probes | bit by bit alone | missed |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kind in KINDS:
        own = [m for m in graphs if m.kind == kind]
        if own:
            alone = sum(m.bits and not m.certificates and not m.probes for m in own)
            counts = (len(own), sum(m.certificates for m in own), sum(m.probes for m in own), alone)
            lines.append(f"| {kind} | {' | '.join(map(str, counts))} | {sum(not m.caught for m in own)} |")
    lines += ["", "## Artifacts that say something wrong of themselves", ""]
    lines += ["| kind | mutants | by certificates | refused on loading | missed |", "| --- | --- | --- | --- | --- |"]
    for kind in METADATA:
        own = [m for m in files if m.kind == kind]
        if own:
            counts = (len(own), sum(m.certificates for m in own), sum(m.probes for m in own))
            lines.append(f"| {kind} | {' | '.join(map(str, counts))} | {sum(not m.certificates for m in own)} |")
    quiet = [m for m in graphs if not m.probes]
    lines += [
        "",
        f"## Within tolerance on every probe: {len(quiet)}",
        "",
        f"As graphs that others made, without certificates, these would pass. {sum(m.same for m in quiet)} of them give every probe the very bits that the "
        "right graph gives: as far as probes tell they are equivalent. The others differ, and by less than the stated bound.",
        "",
        "| kind | mutants | with the same bits on every probe | of all, by certificates | why a probe need not show it |",
        "| --- | --- | --- | --- | --- |",
    ]
    for kind, count in sorted(Counter(m.kind for m in quiet).items()):
        own = [m for m in quiet if m.kind == kind]
        counts = (count, sum(m.same for m in own), sum(m.certificates for m in own))
        lines.append(
            f"| {kind} | {' | '.join(map(str, counts))} | {QUIET.get(kind, 'not known: look at mutants.json')} |"
        )
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the battery, write its page, and return 1 if a mutant was missed."""
    parser = argparse.ArgumentParser(prog="python -m parity_tests.mutation.battery", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for mutants.md and mutants.json")
    parser.add_argument("--only", default="", help="models whose id starts with this")
    arguments = parser.parse_args(argv)
    ids = [case_id for case_id in MODELS if case_id.startswith(arguments.only)]
    if not ids:
        parser.error(f"--only {arguments.only!r} names no model")
    mutants: list[Mutant] = []
    start = time.monotonic()
    with ProcessPool(max_workers=os.cpu_count() or 1, context=multiprocessing.get_context("spawn")) as pool:
        futures = [(case_id, pool.schedule(run_model, (case_id,))) for case_id in ids]
        for number, (case_id, future) in enumerate(futures, start=1):
            mutants += future.result()
            print(f"{number} of {len(ids)} models ({time.monotonic() - start:.0f} s) {case_id}", file=sys.stderr)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "mutants.md").write_text(table(mutants), encoding="utf-8")
    (arguments.output / "mutants.json").write_text(json.dumps([asdict(m) for m in mutants], indent=1), encoding="utf-8")
    missed = [m for m in mutants if not (m.certificates if m.kind in METADATA else m.caught)]
    for mutant in missed:
        print(f"missed: {mutant.model}: {mutant.kind}: {mutant.what}", file=sys.stderr)
    print(f"{len(mutants)} mutants, {len(missed)} missed; {arguments.output / 'mutants.md'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
