package io.samescore.examples.spark;

import io.samescore.Contract;
import io.samescore.Output;
import io.samescore.Scores;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The columns that a model's outputs give to a table: a value where an output has one per row, else an array. */
final class ScoreColumns {
    private ScoreColumns() {}

    /** The outputs that callers see, in the contract's order: those that only carry another's labels are not among them. */
    static List<Output> outputs(Contract contract) {
        Set<String> companions = contract.outputs().stream()
                .map(Output::index)
                .filter(name -> name != null)
                .collect(Collectors.toSet());
        return contract.outputs().stream().filter(output -> !companions.contains(output.name())).toList();
    }

    /** The table's columns and the model's outputs behind them. */
    static StructType schema(StructType table, Contract contract) {
        StructType schema = table;
        for (Output output : outputs(contract)) {
            if (List.of(table.fieldNames()).contains(output.name())) {
                throw new IllegalArgumentException(output.name() + ": a column of the table; a name that no score has");
            }
            if (output.each() != 1 || output.shape().size() > 2) {
                throw new IllegalArgumentException(
                        output.name() + ": shape " + output.shape() + "; an output with a value or a list of values per row");
            }
            DataType element = element(output);
            schema = schema.add(output.name(), output.shape().size() == 1 ? element : DataTypes.createArrayType(element, false), false);
        }
        return schema;
    }

    private static DataType element(Output output) {
        return switch (output.type()) {
            case FLOAT64, FLOAT32 -> DataTypes.DoubleType;
            case INT64 -> DataTypes.LongType;
            case BOOL -> DataTypes.BooleanType;
            case STRING -> DataTypes.StringType;
            case INT32 -> throw new IllegalArgumentException(output.name() + ": int32; a type that outputs have");
        };
    }

    /** An output's values, as a function of the row's index. */
    static IntFunction<Object> values(Output output, Scores scores) {
        String name = output.name();
        boolean single = output.shape().size() == 1;
        switch (output.type()) {
            case FLOAT64, FLOAT32 -> {
                if (single) {
                    double[] values = scores.doubles(name);
                    return row -> values[row];
                }
                double[][] values = scores.matrix(name);
                return row -> values[row];
            }
            case INT64 -> {
                if (single) {
                    long[] values = scores.longs(name);
                    return row -> values[row];
                }
                long[][] values = scores.longMatrix(name);
                return row -> values[row];
            }
            case STRING -> {
                if (single) {
                    String[] values = scores.strings(name);
                    return row -> values[row];
                }
                String[][] values = scores.stringMatrix(name);
                return row -> values[row];
            }
            default -> {
                boolean[] values = scores.booleans(name);
                return row -> values[row];
            }
        }
    }
}
