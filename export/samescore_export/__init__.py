"""The exporter of samescore: compile a fitted model to one .onnx file, and prove that it gives the same scores."""

from samescore_export.errors import ExportError, ProofError
from samescore_export.exporting import Exported, export, export_proven, prove_file
from samescore_export.graph import Graph
from samescore_export.registry import Registry, standard_registry
from samescore_export.scope import Lowered, Lowering, Scope
from samescore_export.values import Hint, Matrix, Rounding, Score, Series, Table

__all__ = [
    "ExportError",
    "Exported",
    "Graph",
    "Hint",
    "Lowered",
    "Lowering",
    "Matrix",
    "ProofError",
    "Registry",
    "Rounding",
    "Scope",
    "Score",
    "Series",
    "Table",
    "export",
    "export_proven",
    "prove_file",
    "standard_registry",
]
