"""Scalar factors beside matrix products are spread out, so that no release of onnxruntime makes them float32."""

import numpy as np
import onnx_ir as ir
import pytest

from samescore_export.graph import Graph
from samescore_runtime.sessions import open_session


def written(write):
    graph = Graph()
    x = graph.input("x", "float64", ["rows", 3])
    return graph.to_model({"y": (write(graph, x), "float64", None)}, "test", "0")


def spreads(model):
    return sum(node.op_type == "Expand" for node in ir.traversal.RecursiveGraphIterator(model.graph))


WEIGHTS = np.arange(6.0).reshape(3, 2) / 7


def product(graph, x):
    return graph.op("MatMul", x, graph.constant(WEIGHTS))


@pytest.mark.parametrize(
    ("write", "wanted"),
    [
        (lambda g, x: g.op("Mul", product(g, x), g.constant(0.3)), 1),
        (lambda g, x: g.op("Div", product(g, x), g.constant(0.3)), 1),
        (lambda g, x: product(g, g.op("Mul", g.constant(0.3), x)), 1),
        (lambda g, x: g.op("Mul", g.op("Transpose", product(g, x), perm=[1, 0]), g.constant(0.3)), 1),
        (lambda g, x: g.op("Mul", g.op("Div", product(g, x), g.constant(3.1)), g.constant(0.3)), 2),
        (lambda g, x: g.op("Mul", product(g, x), g.constant(0.5)), 0),
        (lambda g, x: g.op("Mul", product(g, x), g.constant([0.3, 0.7])), 0),
        (lambda g, x: g.op("Div", g.constant(0.3), product(g, x)), 0),
        (lambda g, x: g.op("Mul", g.op("Sqrt", product(g, x)), g.constant(0.3)), 0),
    ],
)
def test_what_is_spread(write, wanted):
    model = written(write)
    assert spreads(model) == wanted
    rows = np.random.default_rng(0).random((4, 3))
    session = open_session(ir.to_proto(model).SerializeToString(), "a product")
    assert session.run(["y"], {"x": rows})[0].size == 8


def test_inside_a_branch():
    def write(graph, x):
        positive = graph.op("Greater", graph.op("ReduceSum", x, keepdims=0), graph.constant(0.0))
        return graph.choose(
            positive,
            lambda inner: [inner.op("Mul", product(inner, x), inner.constant(0.3))],
            lambda inner: [product(inner, x)],
        )[0]

    model = written(write)
    assert spreads(model) == 1
    rows = np.random.default_rng(0).random((4, 3))
    (found,) = open_session(ir.to_proto(model).SerializeToString(), "a branch").run(["y"], {"x": rows})
    np.testing.assert_array_equal(found, (rows @ WEIGHTS) * 0.3)
