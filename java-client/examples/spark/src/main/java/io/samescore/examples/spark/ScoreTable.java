package io.samescore.examples.spark;

import static org.apache.spark.sql.functions.col;

import io.samescore.Column;
import io.samescore.Contract;
import io.samescore.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Reads a table, scores its rows with an artifact, and writes the table with a column per output. */
public final class ScoreTable {
    private static final int BATCH_ROWS = 4096;
    private static final List<String> FORMATS = List.of("parquet", "csv", "json");

    private ScoreTable() {}

    /**
     * The job.
     *
     * @param arguments the artifact; the table read and the table written, whose names end in {@code .parquet}, {@code .csv} or
     *     {@code .json}
     * @throws IOException if the session cannot be closed
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 3) {
            System.err.println("usage: ScoreTable ARTIFACT.onnx INPUT OUTPUT     tables are named .parquet, .csv or .json");
            System.exit(2);
        }
        SparkSession.Builder builder = SparkSession.builder()
                .appName("samescore")
                // Times are instants and dates, which the client takes; times without a zone are UTC, as for the client.
                .config("spark.sql.datetime.java8API.enabled", "true")
                .config("spark.sql.session.timeZone", "UTC");
        try (SparkSession spark = builder.getOrCreate()) {
            score(spark, Path.of(arguments[0]), arguments[1], arguments[2]);
        }
    }

    private static void score(SparkSession spark, Path artifact, String input, String output) {
        String written = format(output);
        Contract contract;
        // The driver learns what is taken and given, and refuses a bad file before any task starts.
        try (Model model = Model.open(artifact)) {
            contract = model.contract();
        }
        spark.sparkContext().addFile(artifact.toString());
        Dataset<Row> table = read(spark, input, contract);
        StructType schema = ScoreColumns.schema(table.schema(), contract);
        PartitionScoring scoring = new PartitionScoring(artifact.getFileName().toString(), BATCH_ROWS);
        table.mapPartitions(scoring, Encoders.row(schema)).write().format(written).save(output);
    }

    private static Dataset<Row> read(SparkSession spark, String input, Contract contract) {
        String format = format(input);
        Dataset<Row> table = spark.read().format(format).option("header", "true").load(input);
        for (Column column : contract.columns()) {
            if (!List.of(table.columns()).contains(column.name())) {
                if (column.optional()) {
                    continue;
                }
                throw new IllegalArgumentException(
                        input + ": no column " + column.name() + "; a table with every column of the contract");
            }
            // A CSV file has texts alone. A text that is no such value is an error, as Spark 4 has it by default.
            if (format.equals("csv")) {
                table = table.withColumn(column.name(), col("`" + column.name().replace("`", "``") + "`").cast(type(column)));
            }
        }
        return table;
    }

    private static DataType type(Column column) {
        return switch (column.type()) {
            case FLOAT64, FLOAT32 -> DataTypes.DoubleType;
            case INT64 -> DataTypes.LongType;
            case BOOL -> DataTypes.BooleanType;
            case STRING -> DataTypes.StringType;
            case DATETIME -> DataTypes.TimestampType;
            case LIST_STRING -> throw new IllegalArgumentException(column.name() + ": lists of texts in a CSV file; Parquet or JSON");
        };
    }

    private static String format(String table) {
        String format = table.substring(table.lastIndexOf('.') + 1);
        if (!FORMATS.contains(format)) {
            throw new IllegalArgumentException(table + ": a table of an unknown format; a name that ends in one of " + FORMATS);
        }
        return format;
    }
}
