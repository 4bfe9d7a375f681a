package io.samescore;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShortestDoubleTest {
    @ParameterizedTest
    @CsvSource({
        "1e300, 1e+300", "1e-7, 1e-07", "3.5, 3.5", "0.1, 0.1", "1e16, 1e+16", "123456789, 123456789.0", "-0.0, -0.0",
        "2e23, 2e+23", "1e22, 1e+22", "4.9e-324, 5e-324", "0.0001, 0.0001", "0.00001, 1e-05", "9999999999999998, 9999999999999998.0"
    })
    void writesWhatPythonWrites(double value, String text) {
        assertEquals(text, ShortestDouble.text(value));
    }

    @Test
    void agreesWithPythonOnPowersOfTwoAndRandomNumbers() {
        String lines = new String(Fixtures.resource("/doubles/doubles.txt"), StandardCharsets.US_ASCII);
        lines.lines().forEach(line -> {
            String[] parts = line.split(" ");
            double value = Double.longBitsToDouble(Long.parseUnsignedLong(parts[0], 16));
            assertEquals(parts[1], ShortestDouble.text(value), parts[0]);
        });
    }
}
