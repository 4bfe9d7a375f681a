package io.samescore;

/** The type of an input column. */
public enum ColumnType {
    /** A double; any number is accepted. */
    FLOAT64("float64"),
    /** A number that is rounded to the nearest float. */
    FLOAT32("float32"),
    /** A long. */
    INT64("int64"),
    /** True or false. */
    BOOL("bool"),
    /** A text of Unicode scalar values. */
    STRING("string"),
    /** Microseconds since 1970-01-01 UTC, or a date or time that is read as such. */
    DATETIME("datetime"),
    /** A list of texts. */
    LIST_STRING("list<string>");

    private final String text;

    ColumnType(String text) {
        this.text = text;
    }

    /**
     * The type as the contract writes it.
     *
     * @return such as {@code list<string>}
     */
    public String text() {
        return text;
    }

    boolean isFloat() {
        return this == FLOAT64 || this == FLOAT32;
    }
}
