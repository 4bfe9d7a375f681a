package io.samescore.examples.spark;

import io.samescore.Model;
import io.samescore.Output;
import io.samescore.Scores;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.spark.SparkFiles;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Scores one partition, batch by batch: no more than a batch of rows is in memory at once, whatever the partition's size.
 * The model is given back when the task ends, in whichever way.
 */
final class PartitionScoring implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final String file;
    private final int batchRows;

    /**
     * @param file name of an artifact that was sent to the executors by {@code SparkContext.addFile}
     * @param batchRows the most rows scored in one call
     */
    PartitionScoring(String file, int batchRows) {
        this.file = file;
        this.batchRows = batchRows;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        if (!rows.hasNext()) {
            return rows;
        }
        SharedModel shared = SharedModel.hold(Path.of(SparkFiles.get(file)));
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> shared.close());
        return new Iterator<>() {
            private Iterator<Row> scored = List.<Row>of().iterator();

            @Override
            public boolean hasNext() {
                return scored.hasNext() || rows.hasNext();
            }

            @Override
            public Row next() {
                if (!scored.hasNext()) {
                    scored = score(shared.model(), take(rows)).iterator();
                }
                return scored.next();
            }
        };
    }

    private List<Row> take(Iterator<Row> rows) {
        List<Row> batch = new ArrayList<>();
        while (batch.size() < batchRows && rows.hasNext()) {
            batch.add(rows.next());
        }
        return batch;
    }

    private static List<Row> score(Model model, List<Row> rows) {
        Scores scores = model.score(RowBatch.of(model.contract(), rows));
        List<IntFunction<Object>> columns = new ArrayList<>();
        for (Output output : ScoreColumns.outputs(model.contract())) {
            columns.add(ScoreColumns.values(output, scores));
        }
        List<Row> scored = new ArrayList<>(rows.size());
        for (int index = 0; index < rows.size(); index++) {
            Row row = rows.get(index);
            Object[] values = new Object[row.size() + columns.size()];
            for (int at = 0; at < row.size(); at++) {
                values[at] = row.get(at);
            }
            for (int at = 0; at < columns.size(); at++) {
                values[row.size() + at] = columns.get(at).apply(index);
            }
            scored.add(RowFactory.create(values));
        }
        return scored;
    }
}
