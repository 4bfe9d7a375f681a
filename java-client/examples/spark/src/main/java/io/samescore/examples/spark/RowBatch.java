package io.samescore.examples.spark;

import io.samescore.Batch;
import io.samescore.Column;
import io.samescore.Contract;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;

/** Spark's rows as the columns of a batch. Numbers go into arrays of primitives, one per column, where none is missing. */
final class RowBatch {
    private RowBatch() {}

    /** The batch of rows; an optional column that the table lacks is left out. */
    static Batch of(Contract contract, List<Row> rows) {
        Batch batch = new Batch();
        List<String> present = List.of(rows.get(0).schema().fieldNames());
        for (Column column : contract.columns()) {
            int index = present.indexOf(column.name());
            if (index >= 0) {
                add(batch, column, rows, index);
            }
        }
        return batch;
    }

    private static void add(Batch batch, Column column, List<Row> rows, int index) {
        IntPredicate absent = row -> rows.get(row).isNullAt(index);
        boolean whole = IntStream.range(0, rows.size()).noneMatch(absent);
        Class<?> type = whole ? rows.get(0).get(index).getClass() : Object.class;
        if (type == Double.class) {
            batch.set(column.name(), rows.stream().mapToDouble(row -> row.getDouble(index)).toArray());
        } else if (type == Long.class) {
            batch.set(column.name(), rows.stream().mapToLong(row -> row.getLong(index)).toArray());
        } else if (type == Integer.class) {
            batch.set(column.name(), rows.stream().mapToInt(row -> row.getInt(index)).toArray());
        } else {
            batch.set(column.name(), rows.stream().map(row -> value(row.get(index))).toArray());
        }
    }

    /** A value as the client takes it: Spark's arrays are Scala's sequences. */
    private static Object value(Object value) {
        return value instanceof scala.collection.Seq<?> sequence
                ? scala.jdk.javaapi.CollectionConverters.asJava(sequence)
                : value;
    }
}
