"""What an export will be like, known before anything is proven: how much the same, where it loads, and what to mind elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from samescore_export.compiler import Compiled
from samescore_export.judging import reason
from samescore_export.proof import LOWEST_ONNXRUNTIME
from samescore_export.prover import sameness


def preflight(compiled: Compiled) -> Iterator[str]:
    """Lines for people: outputs with the sameness to expect, the lowest onnxruntime, and what differs from one place to another."""
    contract = compiled.contract
    yield f"{len(contract.columns)} columns, {len(contract.tensors)} input tensors, {len(compiled.used)} nodes and constants"
    for name, score in compiled.scores.items():
        ulp = 0.0 if score.rounding is None else score.rounding.ulp
        why = reason(score)
        yield f"{name}: {sameness(score, ulp, (), compiled)}{f' ({why})' if why else ''}"
    yield f"loads in onnxruntime {LOWEST_ONNXRUNTIME} and newer, in Python and on the JVM"
    yield from (f"note: {note}" for note in _notes(compiled))


def _notes(compiled: Compiled) -> Iterator[str]:
    ordered = [c.at for c in compiled.certificates if "one intra-op thread" in c.claim]
    if ordered:
        steps = ", ".join(dict.fromkeys(ordered))
        yield f"{steps}: sums keep scikit-learn's order on one intra-op thread, as samescore opens sessions; a session with more may add otherwise"
    if compiled.coupled:
        yield "a row's answer hangs on the other rows of its batch, as scikit-learn's does: score the same batches to get the same answers"
    unread = [name for name in compiled.sample.columns if name not in compiled.contract.column_named]
    if unread:
        yield f"columns that the model does not read, and callers need not send: {', '.join(unread)}"
    for column in compiled.contract.columns:
        if column.closed:
            yield f"{column.name}: a category that is none of the {len(column.categories or ())} known ones is refused, as the model refuses it"
        elif column.limit is not None:
            yield f"{column.name}: a magnitude beyond {column.limit:g} is refused, as the model refuses it"
    for output in compiled.contract.outputs:
        if output.index is not None:
            yield f"{output.name}: labels that the JVM binding breaks (emoji, U+0000) travel there by their index, {output.index}"
