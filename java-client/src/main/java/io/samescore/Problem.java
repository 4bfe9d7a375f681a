package io.samescore;

import java.io.Serializable;
import java.util.Locale;

/**
 * One reason why rows break the contract. The words are the same in every language samescore has.
 *
 * @param row index of the row in the batch, or {@code null} where the problem concerns all rows
 * @param column name of the column
 * @param code what is wrong
 * @param message {@code where: found; accepted}
 * @serial exclude
 */
public record Problem(Integer row, String column, Code code, String message) implements Serializable {
    /** What is wrong with a value. */
    public enum Code {
        /** The column is absent and not optional, which is refused also where a missing value is accepted. */
        MISSING_COLUMN,
        /** A missing value in a column that accepts none. */
        NOT_NULLABLE,
        /** A value of another type. */
        WRONG_TYPE,
        /** An infinity in a column of finite numbers. */
        NOT_FINITE,
        /** A number beyond the column's magnitude or its type's range. */
        OUT_OF_RANGE,
        /** A string that the model does not know and refuses. */
        UNKNOWN_CATEGORY,
        /** A list with too many elements. */
        TOO_LONG,
        /** A text that is no date or time. */
        BAD_DATETIME,
        /** A key that is no column, where the contract is closed. */
        UNKNOWN_COLUMN;

        /**
         * The code as it is written in JSON.
         *
         * @return lower case, such as {@code wrong_type}
         */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
