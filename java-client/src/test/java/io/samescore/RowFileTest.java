package io.samescore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.samescore.SamescoreException.Code;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowFileTest {
    private static List<List<String>> records(String text) throws IOException {
        Csv csv = new Csv(new StringReader(text));
        List<List<String>> records = new ArrayList<>();
        for (List<String> record = csv.next(); record != null; record = csv.next()) {
            records.add(record);
        }
        return records;
    }

    @Test
    void recordsAreRfc4180() throws Exception {
        assertEquals(List.of(), records(""));
        assertEquals(List.of(List.of("a", "b"), List.of("1", "")), records("a,b\r\n1,\r\n"));
        assertEquals(List.of(List.of("a"), List.of(""), List.of("b")), records("\ufeffa\n\nb"));
        assertEquals(
                List.of(List.of("x, \"y\"\nz", "", " q ")), records("\"x, \"\"y\"\"\nz\",\"\", q "));
        assertThrows(IOException.class, () -> records("\"open"));
        assertThrows(IOException.class, () -> records("\"a\"b,c"));
    }

    @Test
    void cellsBecomeTheContractsTypes() {
        Contract floats = Fixtures.contract(ColumnType.FLOAT64, true);
        assertEquals(-0.5, TextCells.value(floats.columns().get(0), " -.5 "));
        assertEquals(Double.NaN, TextCells.value(floats.columns().get(0), "nan"));
        assertEquals(Double.NEGATIVE_INFINITY, TextCells.value(floats.columns().get(0), "-Inf"));
        assertNull(TextCells.value(floats.columns().get(0), " "));
        // Java alone reads these as numbers.
        for (String text : List.of("1d", "0x1p3", "1e999", "1_0", "one")) {
            assertEquals(text, TextCells.value(floats.columns().get(0), text));
        }
        Column integers = Fixtures.contract(ColumnType.INT64, false).columns().get(0);
        assertEquals(new BigInteger("9223372036854775808"), TextCells.value(integers, "9223372036854775808"));
        assertEquals(2.0, TextCells.value(integers, "2.0"));
        Column flags = Fixtures.contract(ColumnType.BOOL, false).columns().get(0);
        assertEquals(true, TextCells.value(flags, "True"));
        assertEquals("1", TextCells.value(flags, "1"));
        assertEquals("", TextCells.value(Fixtures.contract(ColumnType.STRING, false).columns().get(0), ""));
        assertNull(TextCells.value(Fixtures.contract(ColumnType.STRING, true).columns().get(0), ""));
        Column lists = Fixtures.contract(ColumnType.LIST_STRING, false).columns().get(0);
        assertEquals(List.of("a"), TextCells.value(lists, "[\"a\"]"));
        assertEquals(List.of(), TextCells.value(lists, ""));
    }

    @Test
    void csvAndLinesAreTheSameRows(@TempDir Path folder) throws Exception {
        Path csv = Files.writeString(folder.resolve("rows.csv"), "other,x1,x0\na,1,\nb,0.2,1e-3\n");
        Path lines = Files.writeString(
                folder.resolve("rows.jsonl"), "{\"x0\": null, \"x1\": 1}\n{\"x0\": 1e-3, \"x1\": 0.2}\n");
        try (Model model = Model.open(Fixtures.path("regressor"))) {
            double[] found = model.score(RowFile.read(csv, model.contract())).doubles("predict");
            double[] expected = model.score(RowFile.read(lines, model.contract())).doubles("predict");
            assertEquals(2, found.length);
            assertEquals(Double.NaN, found[0]);
            assertEquals(expected[1], found[1]);
        }
    }

    @Test
    void whatIsNoRowFileIsRefused(@TempDir Path folder) throws Exception {
        Contract contract = Fixtures.contract(ColumnType.FLOAT64, true);
        for (String[] file : new String[][] {
            {"a.csv", "", "an empty file"},
            {"b.csv", "x,x\n1,2\n", "a column twice"},
            {"c.csv", "x,y\n1\n", "1 cells"},
            {"d.txt", "x\n1\n", "no known ending"},
            {"e.jsonl", "{\n", "no JSON"},
            {"f.jsonl", "1\n", "the number 1"},
        }) {
            Path path = Files.writeString(folder.resolve(file[0]), file[1]);
            SamescoreException error = assertThrows(SamescoreException.class, () -> RowFile.read(path, contract));
            assertEquals(Code.UNREADABLE, error.code());
            assertEquals(file[2], error.found());
        }
        assertThrows(SamescoreException.class, () -> RowFile.read(folder.resolve("absent.csv"), contract));
    }
}
