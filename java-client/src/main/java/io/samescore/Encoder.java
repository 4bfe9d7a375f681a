package io.samescore;

import io.samescore.SamescoreException.Code;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Rows, batches and golden columns to the model's input tensors; compiled once per contract, used by any thread. */
final class Encoder {
    private final ContractLayout layout;
    private final List<CellReader> readers = new ArrayList<>();
    private final Contract contract;
    private final Set<String> names;

    Encoder(Contract contract) {
        this.layout = new ContractLayout(contract);
        this.contract = contract;
        this.names = contract.columns().stream().map(Column::name).collect(Collectors.toSet());
        contract.columns().forEach(column -> readers.add(CellReader.of(column)));
    }

    ContractLayout layout() {
        return layout;
    }

    Map<String, Array> encode(List<? extends Map<String, ?>> rows) {
        Map<String, TensorBuffer> buffers = layout.buffers(rows.size());
        fill(rows, buffers);
        return ContractLayout.tensors(buffers);
    }

    /** Writes every cell of the rows into buffers of as many rows. */
    void fill(List<? extends Map<String, ?>> rows, Map<String, TensorBuffer> buffers) {
        Problems problems = new Problems();
        for (CellReader reader : readers) {
            problems.nextColumn();
            TensorBuffer into = buffers.get(reader.column.place().tensor());
            int index = 0;
            for (Map<String, ?> row : rows) {
                readCell(row, index++, reader, into, problems);
            }
        }
        if (contract.closed()) {
            problems.nextColumn();
            for (int index = 0; index < rows.size(); index++) {
                refuseUnknown(rows.get(index).keySet(), index, problems);
            }
        }
        problems.refuse();
    }

    /** The first of the keys that are no column, by code points, is a problem. */
    private void refuseUnknown(Set<String> keys, Integer row, Problems problems) {
        keys.stream()
                .filter(key -> !names.contains(key))
                .min(Comparator.comparing(key -> key.codePoints().toArray(), Arrays::compare))
                .ifPresent(key -> problems.addUnknown(row, key, contract.columns()));
    }

    private static void readCell(Map<String, ?> row, int index, CellReader reader, TensorBuffer into, Problems problems) {
        Object value = row.get(reader.column.name());
        if (value == null && !reader.column.optional() && !row.containsKey(reader.column.name())) {
            problems.addAbsent(index, reader.column);
            return;
        }
        Refusal refusal = reader.read(value, into, index);
        if (refusal != null) {
            problems.add(index, reader.column, refusal);
        }
    }

    Map<String, Array> encode(Batch batch) {
        Map<String, TensorBuffer> buffers = layout.buffers(batch.rows());
        Problems problems = new Problems();
        for (CellReader reader : readers) {
            problems.nextColumn();
            Object values = batch.column(reader.column.name());
            if (values == null && reader.column.optional() && batch.rows() > 0) {
                ColumnScan.read(new Object[batch.rows()], reader, buffers.get(reader.column.place().tensor()), problems);
            } else if (values == null) {
                problems.addAbsent(null, reader.column);
            } else {
                ColumnScan.read(values, reader, buffers.get(reader.column.place().tensor()), problems);
            }
        }
        if (contract.closed()) {
            problems.nextColumn();
            refuseUnknown(batch.names(), null, problems);
        }
        problems.refuse();
        return ContractLayout.tensors(buffers);
    }

    /**
     * Packs columns in the form of the goldens: values that were accepted when they were written, numbers with NaN and
     * everything else with null where missing. They are packed, not checked: a check would hide a fault of the writer.
     */
    Map<String, Array> encodeGolden(Map<String, Array> columns, String where) {
        Set<String> names = readers.stream().map(reader -> reader.column.name()).collect(Collectors.toSet());
        int[] lengths = columns.values().stream().mapToInt(Array::rows).distinct().toArray();
        boolean flat = columns.values().stream().allMatch(array -> array.shape().length == 1);
        if (!names.equals(columns.keySet()) || lengths.length != 1 || !flat) {
            throw new SamescoreException(
                    Code.NOT_AN_ARTIFACT,
                    where,
                    "columns of other names or of lengths " + Arrays.toString(lengths),
                    "the contract's columns, of one length");
        }
        Map<String, TensorBuffer> buffers = layout.buffers(lengths[0]);
        for (CellReader reader : readers) {
            Array values = columns.get(reader.column.name());
            try {
                ColumnScan.pack(values, reader, buffers.get(reader.column.place().tensor()));
            } catch (IllegalStateException error) {
                throw new SamescoreException(
                        Code.NOT_AN_ARTIFACT,
                        where + "." + reader.column.name(),
                        "dtype " + values.dtype(),
                        "values of a " + reader.column.type().text() + " column");
            }
        }
        return ContractLayout.tensors(buffers);
    }
}
