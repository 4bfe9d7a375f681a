package io.samescore;

import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;

/** Records of comma-separated text as RFC 4180 has them: quoted cells may hold commas, line ends and doubled quotes. */
final class Csv {
    private static final int END = -1;

    private final Reader reader;
    private int next;

    /** Starts behind a byte order mark, if there is one. */
    Csv(Reader reader) throws IOException {
        this.reader = reader;
        this.next = reader.read();
        if (next == '\ufeff') {
            next = reader.read();
        }
    }

    /** The cells of the next record; null at the end. An empty line is a record of one empty cell. */
    List<String> next() throws IOException {
        if (next == END) {
            return null;
        }
        List<String> cells = new ArrayList<>();
        while (true) {
            cells.add(next == '"' ? quoted() : plain());
            if (next == ',') {
                next = reader.read();
                continue;
            }
            if (next == '\r') {
                next = reader.read();
            }
            if (next == '\n') {
                next = reader.read();
            }
            return cells;
        }
    }

    private String plain() throws IOException {
        StringBuilder cell = new StringBuilder();
        while (next != END && next != ',' && next != '\n' && next != '\r') {
            cell.append((char) next);
            next = reader.read();
        }
        return cell.toString();
    }

    private String quoted() throws IOException {
        StringBuilder cell = new StringBuilder();
        next = reader.read();
        while (true) {
            if (next == END) {
                throw new IOException("a quoted cell without an end");
            }
            char unit = (char) next;
            next = reader.read();
            if (unit != '"') {
                cell.append(unit);
            } else if (next == '"') {
                cell.append(unit);
                next = reader.read();
            } else if (next == END || next == ',' || next == '\n' || next == '\r') {
                return cell.toString();
            } else {
                throw new IOException("text behind a quoted cell");
            }
        }
    }
}
