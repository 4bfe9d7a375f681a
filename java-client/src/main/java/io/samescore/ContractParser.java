package io.samescore;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** The contract's JSON to records. Every key must be there; what is not as the schema says is refused. */
final class ContractParser {
    private ContractParser() {}

    static Contract parse(Node entry) {
        Contract contract = new Contract(
                entry.get("layout").text(),
                list(entry.get("columns"), ContractParser::column),
                list(entry.get("tensors"), ContractParser::tensor),
                list(entry.get("outputs"), ContractParser::output),
                // Contracts written before they could be closed lack the word.
                entry.object().containsKey("closed") && entry.get("closed").flag());
        unique(entry.get("columns"), contract.columns().stream().map(Column::name).toList());
        unique(entry.get("tensors"), contract.tensors().stream().map(Tensor::name).toList());
        unique(entry.get("outputs"), contract.outputs().stream().map(Output::name).toList());
        return contract;
    }

    private static void unique(Node where, List<String> names) {
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (!seen.add(name)) {
                throw where.refuse("the name " + Wording.quoted(name) + " twice", "unique names");
            }
        }
    }

    private static Column column(Node node) {
        Node place = node.get("place");
        Node limit = node.get("limit");
        Node categories = node.get("categories");
        boolean closed = node.get("closed").flag();
        if (closed && categories.isNull()) {
            throw categories.refuse("null", "a list, as the column is closed");
        }
        return new Column(
                node.get("name").text(),
                columnType(node.get("type")),
                node.get("nullable").flag(),
                node.get("finite").flag(),
                limit.isNull() ? null : Double.valueOf(limit.number()),
                range(node.get("range")),
                categories.isNull() ? null : list(categories, Node::text),
                closed,
                node.get("max_length").integerOrNull(),
                node.get("unit").textOrNull(),
                node.get("description").textOrNull(),
                new Place(place.get("tensor").text(), place.get("position").integer()),
                // Contracts written before a column could be optional lack the word.
                node.object().containsKey("optional") && node.get("optional").flag());
    }

    private static Range range(Node node) {
        if (node.isNull()) {
            return null;
        }
        List<Node> ends = node.items();
        if (ends.size() != 2) {
            throw node.refuse(Wording.found(node.value()), "the smallest and the largest value");
        }
        return new Range(ends.get(0).number(), ends.get(1).number());
    }

    private static Tensor tensor(Node node) {
        return new Tensor(
                node.get("name").text(),
                tensorType(node.get("type")),
                list(node.get("shape"), Node::integerOrNull),
                node.get("missing").textOrNull());
    }

    private static Output output(Node node) {
        Node labels = node.get("labels");
        Output output = new Output(
                node.get("name").text(),
                tensorType(node.get("type")),
                list(node.get("shape"), Node::integerOrNull),
                labels.isNull() ? null : list(labels, ContractParser::label),
                node.get("index").textOrNull(),
                // Most outputs have a row for a row, and lack the word.
                node.object().containsKey("each") ? node.get("each").integer() : 1);
        if (output.index() != null && (labels.isNull() || output.type() != TensorType.STRING)) {
            throw node.refuse("an index without labels of strings", "labels that it points into");
        }
        return output;
    }

    private static Object label(Node node) {
        Object value = node.value();
        if (value instanceof String || value instanceof Long || value instanceof Double || value instanceof Boolean) {
            return value;
        }
        throw node.refuse(Wording.found(value), "a string, a number, true or false");
    }

    private static ColumnType columnType(Node node) {
        for (ColumnType type : ColumnType.values()) {
            if (type.text().equals(node.text())) {
                return type;
            }
        }
        throw node.refuse(Wording.found(node.value()), "a column type this version knows");
    }

    private static TensorType tensorType(Node node) {
        for (TensorType type : TensorType.values()) {
            if (type.text().equals(node.text())) {
                return type;
            }
        }
        throw node.refuse(Wording.found(node.value()), "a tensor type this version knows");
    }

    /** A list that cannot be changed and may hold null, which {@code List.copyOf} refuses. */
    private static <T> List<T> list(Node node, Function<Node, T> read) {
        List<T> list = new ArrayList<>();
        for (Node item : node.items()) {
            list.add(read.apply(item));
        }
        return Collections.unmodifiableList(list);
    }
}
