package io.samescore;

import io.samescore.SamescoreException.Code;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Rows of a file: JSON lines, or CSV with a line of column names. */
final class RowFile {
    private RowFile() {}

    static List<Row> read(Path file, Contract contract) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (!name.endsWith(".csv") && !name.endsWith(".jsonl")) {
            throw new SamescoreException(Code.UNREADABLE, file.toString(), "no known ending", ".csv or .jsonl");
        }
        try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            return name.endsWith(".csv") ? csv(file, reader, contract) : lines(file, reader);
        } catch (IOException error) {
            throw new SamescoreException(
                    Code.UNREADABLE, file.toString(), "unreadable (" + error + ")", "a UTF-8 file of rows", error);
        }
    }

    private static List<Row> csv(Path file, BufferedReader reader, Contract contract) throws IOException {
        Csv records = new Csv(reader);
        List<String> header = records.next();
        if (header == null) {
            throw new SamescoreException(Code.UNREADABLE, file.toString(), "an empty file", "a line of column names");
        }
        if (new HashSet<>(header).size() != header.size()) {
            throw new SamescoreException(Code.UNREADABLE, file.toString(), "a column twice", "each column once");
        }
        Map<String, Column> columns = contract.columns().stream().collect(Collectors.toMap(Column::name, column -> column));
        List<Row> rows = new ArrayList<>();
        for (List<String> cells = records.next(); cells != null; cells = records.next()) {
            if (header.size() > 1 && cells.equals(List.of(""))) {
                continue;
            }
            if (cells.size() != header.size()) {
                throw new SamescoreException(
                        Code.UNREADABLE, file + ": record " + (rows.size() + 1), cells.size() + " cells", header.size() + " cells");
            }
            Row row = new Row();
            for (int i = 0; i < cells.size(); i++) {
                Column column = columns.get(header.get(i));
                if (column != null) {
                    row.set(column.name(), TextCells.value(column, cells.get(i)));
                }
            }
            rows.add(row);
        }
        return rows;
    }

    private static List<Row> lines(Path file, BufferedReader reader) throws IOException {
        List<Row> rows = new ArrayList<>();
        int number = 0;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            number++;
            if (!line.isBlank()) {
                rows.add(row(line, file + ":" + number));
            }
        }
        return rows;
    }

    private static Row row(String line, String where) {
        Object value;
        try {
            value = Json.parse(line);
        } catch (IOException error) {
            throw new SamescoreException(Code.UNREADABLE, where, "no JSON", "one JSON object a line", error);
        }
        if (!(value instanceof Map<?, ?> object)) {
            throw new SamescoreException(Code.UNREADABLE, where, Wording.found(value), "one JSON object a line");
        }
        Row row = new Row();
        object.forEach((column, cell) -> row.set((String) column, cell));
        return row;
    }
}
