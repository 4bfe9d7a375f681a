package io.samescore;

import io.samescore.SamescoreException.Code;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Which tensor takes which columns. Built once per contract, which it refuses if the places do not fill the tensors. */
final class ContractLayout {
    /** A tensor that holds values (masks come with it) and how many columns it has. */
    private record Group(Tensor tensor, int width, boolean list) {
        TensorBuffer buffer(int rows) {
            return switch (tensor.type()) {
                case FLOAT64 -> new FloatingBuffers.Doubles(tensor.name(), rows, width);
                case FLOAT32 -> new FloatingBuffers.Floats(tensor.name(), rows, width);
                case INT64 -> new DiscreteBuffers.Longs(tensor.name(), rows, width);
                case BOOL -> new DiscreteBuffers.Flags(tensor.name(), rows, width);
                case INT32 -> new StringBuffers.CodePoints(tensor, rows);
                case STRING -> list
                        ? new StringBuffers.Lists(tensor, rows)
                        : new StringBuffers.Strings(tensor, rows, width);
            };
        }
    }

    private final Map<String, Group> groups = new LinkedHashMap<>();

    ContractLayout(Contract contract) {
        Map<String, TreeMap<Integer, Column>> held = new HashMap<>();
        Set<String> masks = new HashSet<>();
        for (Tensor tensor : contract.tensors()) {
            held.put(tensor.name(), new TreeMap<>());
            masks.add(tensor.missing());
        }
        for (Column column : contract.columns()) {
            TreeMap<Integer, Column> columns = held.get(column.place().tensor());
            if (columns == null) {
                throw mismatch(column.place().tensor(), "no such tensor", "the tensor of the column " + column.name());
            }
            if (columns.put(column.place().position(), column) != null) {
                throw mismatch(column.place().tensor(), "two columns at one position", "one column at each position");
            }
        }
        for (Tensor tensor : contract.tensors()) {
            TreeMap<Integer, Column> columns = held.get(tensor.name());
            if (!columns.isEmpty() || !masks.contains(tensor.name())) {
                groups.put(tensor.name(), group(tensor, columns));
            }
        }
    }

    private static Group group(Tensor tensor, TreeMap<Integer, Column> columns) {
        if (columns.isEmpty() || columns.lastKey() != columns.size() - 1) {
            throw mismatch(tensor.name(), columns.size() + " columns", "one column at each position");
        }
        boolean list = columns.get(0).type() == ColumnType.LIST_STRING;
        if ((list || tensor.type() == TensorType.INT32) && columns.size() != 1) {
            throw mismatch(tensor.name(), columns.size() + " columns", "one text or list column");
        }
        for (Column column : columns.values()) {
            if (!travels(column, tensor)) {
                throw mismatch(
                        tensor.name(),
                        "type " + tensor.type().text(),
                        "a type that holds the " + column.type().text() + " column " + column.name());
            }
        }
        return new Group(tensor, columns.size(), list);
    }

    private static boolean travels(Column column, Tensor tensor) {
        return switch (tensor.type()) {
            case FLOAT64 -> column.type() == ColumnType.FLOAT64
                    || (column.nullable()
                            && (column.type() == ColumnType.INT64
                                    || column.type() == ColumnType.BOOL
                                    || column.type() == ColumnType.DATETIME));
            case FLOAT32 -> column.type() == ColumnType.FLOAT32;
            case INT64 -> !column.nullable()
                    && (column.type() == ColumnType.INT64 || column.type() == ColumnType.DATETIME);
            case BOOL -> !column.nullable() && column.type() == ColumnType.BOOL;
            case INT32 -> column.type() == ColumnType.STRING && (!column.nullable() || tensor.missing() != null);
            case STRING -> column.type() == ColumnType.LIST_STRING
                    || (column.type() == ColumnType.STRING && (!column.nullable() || tensor.missing() != null));
        };
    }

    private static SamescoreException mismatch(String tensor, String found, String accepted) {
        return new SamescoreException(Code.CONTRACT_MISMATCH, "tensors." + tensor, found, accepted);
    }

    /** Buffers for that many rows, by tensor name. */
    Map<String, TensorBuffer> buffers(int rows) {
        Map<String, TensorBuffer> buffers = new LinkedHashMap<>();
        groups.forEach((name, group) -> buffers.put(name, group.buffer(rows)));
        return buffers;
    }

    /** A buffer of the tensor of that name. */
    TensorBuffer buffer(String name, int rows) {
        return groups.get(name).buffer(rows);
    }

    /** The tensors of filled buffers, masks included. */
    static Map<String, Array> tensors(Map<String, TensorBuffer> buffers) {
        Map<String, Array> tensors = new LinkedHashMap<>();
        buffers.values().forEach(buffer -> buffer.finish(tensors));
        return tensors;
    }
}
