package io.samescore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.samescore.SamescoreException.Code;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BatchTest {
    private static final double NAN = Double.NaN;

    private static Object data(ColumnType type, boolean nullable, Batch batch) {
        return new Encoder(Fixtures.contract(type, nullable)).encode(batch).get("t").data();
    }

    private static String problems(ColumnType type, boolean nullable, Batch batch) {
        return assertThrows(ContractException.class, () -> data(type, nullable, batch)).getMessage();
    }

    @Test
    void takesEveryArrayOfNumbersForAFloatColumn() {
        double[] expected = {1, 2};
        assertArrayEquals(expected, (double[]) data(ColumnType.FLOAT64, false, new Batch().set("x", new double[] {1, 2})));
        assertArrayEquals(expected, (double[]) data(ColumnType.FLOAT64, false, new Batch().set("x", new float[] {1, 2})));
        assertArrayEquals(expected, (double[]) data(ColumnType.FLOAT64, false, new Batch().set("x", new long[] {1, 2})));
        assertArrayEquals(expected, (double[]) data(ColumnType.FLOAT64, false, new Batch().set("x", new int[] {1, 2})));
        assertArrayEquals(
                expected, (double[]) data(ColumnType.FLOAT64, false, new Batch().set("x", new Object[] {1L, 2.0})));
    }

    @Test
    void readsNanAndNullAsMissing() {
        double[] expected = {NAN, 2};
        for (ColumnType type : new ColumnType[] {ColumnType.FLOAT64, ColumnType.INT64, ColumnType.DATETIME}) {
            assertArrayEquals(expected, (double[]) data(type, true, new Batch().set("x", new double[] {NAN, 2})));
            assertArrayEquals(expected, (double[]) data(type, true, new Batch().set("x", new Long[] {null, 2L})));
        }
        assertArrayEquals(
                new double[] {NAN, 1, 0},
                (double[]) data(ColumnType.BOOL, true, new Batch().set("x", new Boolean[] {null, true, false})));
        assertArrayEquals(
                new String[] {"", "a"}, (String[]) data(ColumnType.STRING, true, new Batch().set("x", new String[] {null, "a"})));
        assertArrayEquals(
                new String[] {"", "a"},
                (String[]) data(ColumnType.LIST_STRING, true, new Batch().set("x", new String[][] {null, {"a"}})));
    }

    @Test
    void refusesCellByCell() {
        assertEquals(
                "rows[1].x: NaN; an integer",
                problems(ColumnType.INT64, false, new Batch().set("x", new double[] {1, NAN, 2})));
        assertEquals(
                "rows[0].x: NaN; a number", problems(ColumnType.FLOAT64, false, new Batch().set("x", new double[] {NAN})));
        assertEquals(
                "rows[0].x: the number 1; a string\nrows[1].x: the number 2; a string",
                problems(ColumnType.STRING, false, new Batch().set("x", new long[] {1, 2})));
        assertEquals(
                "rows[0].x: true; a number", problems(ColumnType.FLOAT64, false, new Batch().set("x", new boolean[] {true})));
        assertEquals(
                "rows[0].x: the number 1; true or false or null",
                problems(ColumnType.BOOL, true, new Batch().set("x", new int[] {1})));
    }

    @Test
    void tellsAnAbsentColumnOnce() {
        ContractException refused = assertThrows(
                ContractException.class, () -> data(ColumnType.FLOAT64, true, new Batch().set("y", new double[3])));
        assertEquals("rows.x: no such column; a number or null", refused.getMessage());
        assertEquals(null, refused.problems().get(0).row());
    }

    @Test
    void writesOutTwentyProblemsAndCountsTheRest() {
        Object[] values = new Object[1000];
        Arrays.fill(values, "abc");
        ContractException refused = assertThrows(
                ContractException.class, () -> data(ColumnType.FLOAT64, true, new Batch().set("x", values)));
        assertEquals(20, refused.problems().size());
        assertEquals(1000, refused.total());
        assertEquals("... and 980 more", refused.getMessage().lines().toList().get(20));
        assertEquals("1000 problems", refused.found());
    }

    @Test
    void refusesColumnsOfUnequalLength() {
        Batch batch = new Batch().set("x", new double[3]);
        SamescoreException error = assertThrows(SamescoreException.class, () -> batch.set("y", new long[2]));
        assertEquals(Code.INPUT, error.code());
        assertEquals("columns.y: 2 values; 3 values, as the other columns have", error.getMessage());
        assertEquals(2, batch.set("x", new double[2]).rows(), "the only column may be replaced");
    }

    @Test
    void packsColumnsBesideEachOther() {
        Contract contract = ArtifactFile.read("everything", Fixtures.bytes("everything")).contract();
        Batch batch = new Batch()
                .set("price", new double[] {1.5, NAN})
                .set("stock", new long[] {3, 4})
                .set("promo", new Boolean[] {true, null})
                .set("ratio", new double[] {0.1, 0.2})
                .set("count", new int[] {1, 2})
                .set("day", new long[] {7, 8})
                .set("open", new boolean[] {true, false})
                .set("shop", new String[] {"east", "west"})
                .set("colour", new String[] {null, "red"})
                .set("note", new String[] {"a\ud83d\ude00", null})
                .set("items", new String[][] {{}, {"a"}});
        var tensors = new Encoder(contract).encode(batch);
        assertArrayEquals(new double[] {1.5, 3, 1, NAN, 4, NAN}, (double[]) tensors.get("float64").data());
        assertArrayEquals(new float[] {0.1f, 0.2f}, (float[]) tensors.get("float32").data());
        assertArrayEquals(new long[] {1, 7, 2, 8}, (long[]) tensors.get("int64").data());
        assertArrayEquals(new boolean[] {true, false}, (boolean[]) tensors.get("bool").data());
        assertArrayEquals(new String[] {"east", "", "west", "red"}, (String[]) tensors.get("string").data());
        assertArrayEquals(new boolean[] {false, true, false, false}, (boolean[]) tensors.get("string.missing").data());
        assertArrayEquals(new int[] {'a', 0x1f600, -1, -1}, (int[]) tensors.get("text.note").data());
        assertArrayEquals(new boolean[] {false, true}, (boolean[]) tensors.get("text.note.missing").data());
        assertArrayEquals(new String[] {"", "a"}, (String[]) tensors.get("list.items").data());
        assertArrayEquals(new boolean[] {true, false}, (boolean[]) tensors.get("list.items.missing").data());
    }
}
