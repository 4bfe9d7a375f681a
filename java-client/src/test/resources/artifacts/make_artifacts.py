"""make_artifacts.py: writes the small artifacts beside it, which the tests of the Java client open.

    python make_artifacts.py

It needs onnx and numpy. The scores in the goldens are computed with numpy, not by the graphs.
"""

import base64
import hashlib
import json
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper

HERE = Path(__file__).parent
DTYPES = {"float64": TensorProto.DOUBLE, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64}
DTYPES |= {"int32": TensorProto.INT32, "bool": TensorProto.BOOL, "string": TensorProto.STRING}


def column(name, kind, tensor, position=0, **more):
    place = {"tensor": tensor, "position": position}
    keys = ("limit", "range", "categories", "max_length", "unit", "description")
    return {
        "name": name,
        "type": kind,
        "nullable": False,
        "finite": False,
        "closed": False,
        "place": place,
        **dict.fromkeys(keys),
        **more,
    }


def tensor(name, kind, shape, missing=None):
    return {"name": name, "type": kind, "shape": shape, "missing": missing}


def output(name, kind, shape, labels=None, index=None):
    return {"name": name, "type": kind, "shape": shape, "labels": labels, "index": index}


def array(values, dtype=None):
    if dtype in ("string", "list<string>"):
        shape = [len(values)] if dtype == "list<string>" else list(np.shape(values))
        flat = list(values) if dtype == "list<string>" else np.array(values, object).ravel().tolist()
        return {"dtype": dtype, "shape": shape, "data": flat}
    values = np.ascontiguousarray(values)
    return {
        "dtype": values.dtype.name,
        "shape": list(values.shape),
        "data": base64.b64encode(values.tobytes()).decode(),
    }


EXACT = {"kind": "exact"}


def expected(item, tolerance=EXACT):
    return {**item, "tolerance": tolerance}


def write(name, contract, nodes, initializers, columns, outputs):
    def info(item):
        shape = [f"{item['name']}_{axis}" if size is None else size for axis, size in enumerate(item["shape"])]
        return helper.make_tensor_value_info(item["name"], DTYPES[item["type"]], shape)

    graph = helper.make_graph(
        nodes, name, [info(t) for t in contract["tensors"]], [info(o) for o in contract["outputs"]], initializers
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="make_artifacts.py")
    entries = {
        "samescore.contract": {"format": 1, **contract},
        "samescore.golden": {"format": 1, "columns": columns, "outputs": outputs},
        "samescore.provenance": {"format": 1, "estimator": "make_artifacts.py"},
    }
    texts = {key: json.dumps(value) for key, value in entries.items()}
    texts["samescore.integrity"] = json.dumps({"format": 1, "sha256": checksum(model, texts)})
    for key, text in texts.items():
        model.metadata_props.add(key=key, value=text)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def checksum(model, texts):
    """No metadata is in the model yet, so the serialized bytes are all its other fields."""
    plain = ModelProto()
    plain.CopyFrom(model)
    sha = hashlib.sha256(plain.SerializeToString(deterministic=True))
    for key in sorted(texts, key=str.encode):
        for text in (key, texts[key]):
            sha.update(len(text.encode()).to_bytes(8, "little") + text.encode())
    return sha.hexdigest()


def node(operator, inputs, outputs, **attributes):
    return helper.make_node(operator, inputs, outputs, **attributes)


def constant(name, kind, values):
    values = np.asarray(values, object if kind == "string" else None)
    flat = [text.encode() for text in values.ravel()] if kind == "string" else values.ravel()
    return helper.make_tensor(name, DTYPES[kind], values.shape, flat)


def everything():
    """Every column type and every output type; labels that the JVM binding cannot carry."""
    labels = ["no", "yes \U0001f600"]
    contract = {
        "layout": "packed",
        "columns": [
            column("price", "float64", "float64", 0, nullable=True, finite=True, range=[0.5, 9.0], unit="EUR"),
            column("stock", "int64", "float64", 1, nullable=True),
            column("promo", "bool", "float64", 2, nullable=True),
            column("ratio", "float32", "float32"),
            column("count", "int64", "int64", 0),
            column("day", "datetime", "int64", 1),
            column("open", "bool", "bool"),
            column("shop", "string", "string", 0, categories=["east", "west"], closed=True),
            column("colour", "string", "string", 1, nullable=True),
            column("note", "string", "text.note", nullable=True),
            column("items", "list<string>", "list.items", max_length=3),
        ],
        "tensors": [
            tensor("float64", "float64", [None, 3]),
            tensor("float32", "float32", [None, 1]),
            tensor("int64", "int64", [None, 2]),
            tensor("bool", "bool", [None, 1]),
            tensor("string", "string", [None, 2], "string.missing"),
            tensor("string.missing", "bool", [None, 2]),
            tensor("text.note", "int32", [None, None], "text.note.missing"),
            tensor("text.note.missing", "bool", [None, 1]),
            tensor("list.items", "string", [None, None], "list.items.missing"),
            tensor("list.items.missing", "bool", [None, None]),
        ],
        "outputs": [
            output("predict", "string", [None], labels, "predict.index"),
            output("predict.index", "int64", [None]),
            output("predict_proba", "float64", [None, 2], labels),
            output("decision_function", "float64", [None]),
            output("transform", "float32", [None, 1]),
            output("lengths", "int64", [None]),
            output("east", "bool", [None]),
            output("items", "string", [None, None]),
            output("gone", "bool", [None, 3]),
        ],
    }
    nodes = [
        node("Cast", ["bool"], ["open_column"], to=TensorProto.INT64),
        node("Squeeze", ["open_column", "axis"], ["predict.index"]),
        node("Gather", ["labels", "predict.index"], ["predict"]),
        node("ReduceSum", ["float64", "axis"], ["floats"], keepdims=0),
        node("ReduceSum", ["int64", "axis"], ["integers"], keepdims=0),
        node("Cast", ["integers"], ["integers_float"], to=TensorProto.DOUBLE),
        node("Add", ["floats", "integers_float"], ["decision_function"]),
        node("Mul", ["float32", "half"], ["transform"]),
        node("Cast", ["transform"], ["score"], to=TensorProto.DOUBLE),
        node("Neg", ["score"], ["negative"]),
        node("Exp", ["negative"], ["exponential"]),
        node("Add", ["exponential", "one"], ["denominator"]),
        node("Div", ["one", "denominator"], ["yes"]),
        node("Sub", ["one", "yes"], ["no"]),
        node("Concat", ["no", "yes"], ["predict_proba"], axis=1),
        node("GreaterOrEqual", ["text.note", "zero"], ["written"]),
        node("Cast", ["written"], ["written_integers"], to=TensorProto.INT64),
        node("ReduceSum", ["written_integers", "axis"], ["points"], keepdims=0),
        node("Not", ["list.items.missing"], ["listed"]),
        node("Cast", ["listed"], ["listed_integers"], to=TensorProto.INT64),
        node("ReduceSum", ["listed_integers", "axis"], ["elements"], keepdims=0),
        node("Add", ["points", "elements"], ["lengths"]),
        node("Gather", ["string", "first"], ["shop"], axis=1),
        node("Equal", ["shop", "east_text"], ["east"]),
        node("Identity", ["list.items"], ["items"]),
        node("Concat", ["string.missing", "text.note.missing"], ["gone"], axis=1),
    ]
    initializers = [
        constant("axis", "int64", [1]),
        constant("first", "int64", 0),
        constant("labels", "string", labels),
        constant("half", "float32", [0.5]),
        constant("one", "float64", [1.0]),
        constant("zero", "int32", [0]),
        constant("east_text", "string", ["east"]),
    ]
    price = np.array([1.5, np.nan, 9.0, 0.5])
    stock = np.array([3.0, 4.0, np.nan, 0.0])
    promo = np.array([1.0, 0.0, 1.0, np.nan])
    ratio = np.array([0.1, -2.5, 3.0, 0.0], np.float32)
    count = np.array([1, -2, 2**40, 0])
    day = np.array([0, 1321920000000000, -1, 7])
    opened = np.array([True, False, True, False])
    shop = ["east", "west", "west", "east"]
    colour = ["red", None, "", "\U0001f600"]
    note = ["", "h\u00e9llo \U0001f600", None, "a"]
    items = [["a", "b", "c"], [], ["\U0001f600"], ["z", ""]]
    half = ratio * np.float32(0.5)
    yes = 1 / (1 + np.exp(-half.astype(np.float64)))
    width = max(map(len, items))
    columns = {
        "price": array(price),
        "stock": array(stock),
        "promo": array(promo),
        "ratio": array(ratio),
        "count": array(count),
        "day": array(day),
        "open": array(opened),
        "shop": array(shop, "string"),
        "colour": array(colour, "string"),
        "note": array(note, "string"),
        "items": array(items, "list<string>"),
    }
    lengths = [len(text or "") + len(item) for text, item in zip(note, items, strict=True)]
    gone = [[False, text is None, written is None] for text, written in zip(colour, note, strict=True)]
    outputs = {
        "predict": expected(array([labels[int(flag)] for flag in opened], "string")),
        "predict_proba": expected(array(np.column_stack([1 - yes, yes])), {"kind": "ulp", "ulp": 8, "floor": 1.0}),
        "decision_function": expected(array(price + stock + promo + (count + day))),
        "transform": expected(array(half.reshape(-1, 1))),
        "lengths": expected(array(np.array(lengths))),
        "east": expected(array(np.array([text == "east" for text in shop]))),
        "items": expected(array([item + [""] * (width - len(item)) for item in items], "string")),
        "gone": expected(array(np.array(gone))),
    }
    write("everything", contract, nodes, initializers, columns, outputs)


def regressor():
    """A column tensor each, and one number out."""
    contract = {
        "layout": "columns",
        "columns": [
            column("x0", "float64", "x0", nullable=True),
            column("x1", "float64", "x1", limit=1e6, finite=True),
        ],
        "tensors": [tensor("x0", "float64", [None, 1]), tensor("x1", "float64", [None, 1])],
        "outputs": [output("predict", "float64", [None])],
    }
    nodes = [
        node("Mul", ["x0", "weight"], ["product"]),
        node("Add", ["product", "x1"], ["sum"]),
        node("Squeeze", ["sum", "axis"], ["predict"]),
    ]
    initializers = [constant("weight", "float64", [0.1]), constant("axis", "int64", [1])]
    x0, x1 = np.array([1.0, np.nan, -0.0, np.inf, 1e300]), np.array([0.2, 1.0, -0.0, 5.0, 1e6])
    write(
        "regressor",
        contract,
        nodes,
        initializers,
        {"x0": array(x0), "x1": array(x1)},
        {"predict": expected(array(x0 * 0.1 + x1))},
    )


def patches():
    """Rows of two by three numbers; of each, its two columns of two by two: two rows for one, and a label for each."""
    contract = {
        "layout": "packed",
        "columns": [column(f"x[{i},{j}]", "float64", "float64", 3 * i + j) for i in range(2) for j in range(3)],
        "tensors": [tensor("float64", "float64", [None, 6])],
        "outputs": [
            {**output("transform", "float64", [None, 2, 2]), "each": 2},
            {**output("predict", "int64", [None], [0, 1]), "each": 2},
        ],
        "row_shape": [2, 3],
    }
    nodes = [
        node("Gather", ["float64", "places"], ["picked"], axis=1),
        node("Reshape", ["picked", "shape"], ["transform"]),
        node("ReduceMax", ["transform", "axes"], ["largest"], keepdims=0),
        node("Greater", ["largest", "four"], ["high"]),
        node("Cast", ["high"], ["predict"], to=TensorProto.INT64),
    ]
    initializers = [
        constant("places", "int64", [0, 1, 3, 4, 1, 2, 4, 5]),
        constant("shape", "int64", [-1, 2, 2]),
        constant("axes", "int64", [1, 2]),
        constant("four", "float64", [4.0]),
    ]
    images = np.array([[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [[6.0, 0.5, 0.0], [0.0, 0.0, 1.0]]])
    cut = np.concatenate([[image[:, :2], image[:, 1:]] for image in images])
    columns = {f"x[{i},{j}]": array(images[:, i, j]) for i in range(2) for j in range(3)}
    outputs = {
        "transform": expected(array(cut)),
        "predict": expected(array((cut.max(axis=(1, 2)) > 4).astype(np.int64))),
    }
    write("patches", contract, nodes, initializers, columns, outputs)


def classifier():
    """Integer labels, and a threshold to tamper with."""
    contract = {
        "layout": "packed",
        "columns": [column("x0", "float64", "float64")],
        "tensors": [tensor("float64", "float64", [None, 1])],
        "outputs": [output("predict", "int64", [None], [3, 7]), output("predict_proba", "float64", [None, 2], [3, 7])],
    }
    tree = node(
        "TreeEnsemble",
        ["float64"],
        ["predict_proba"],
        domain="ai.onnx.ml",
        n_targets=2,
        aggregate_function=1,
        nodes_featureids=[0],
        nodes_truenodeids=[0],
        nodes_falsenodeids=[1],
        nodes_trueleafs=[1],
        nodes_falseleafs=[1],
        nodes_modes=helper.make_tensor("modes", TensorProto.UINT8, [1], [0]),
        nodes_splits=helper.make_tensor("splits", TensorProto.DOUBLE, [1], [0.5]),
        leaf_targetids=[0, 1],
        leaf_weights=helper.make_tensor("weights", TensorProto.DOUBLE, [2], [1.0, 1.0]),
        tree_roots=[0],
    )
    nodes = [
        tree,
        node("ArgMax", ["predict_proba"], ["winner"], axis=1, keepdims=0),
        node("Gather", ["labels", "winner"], ["predict"]),
    ]
    x0 = np.array([0.0, 0.5, np.nextafter(0.5, 1), 4.0])
    proba = np.where(x0[:, None] <= 0.5, [[1.0, 0.0]], [[0.0, 1.0]])
    write(
        "classifier",
        contract,
        nodes,
        [constant("labels", "int64", [3, 7])],
        {"x0": array(x0)},
        {"predict": expected(array(np.where(x0 <= 0.5, 3, 7))), "predict_proba": expected(array(proba))},
    )


if __name__ == "__main__":
    everything()
    regressor()
    classifier()
    patches()
