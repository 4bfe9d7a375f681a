package io.samescore;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Dates and times as the contract writes them. */
final class Timestamps {
    private static final Pattern FORM = Pattern.compile(
            "(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})"
                    + "(?:[T ](?<hour>[0-9]{2}):(?<minute>[0-9]{2})(?::(?<second>[0-9]{2})(?:\\.(?<fraction>[0-9]{1,6}))?)?"
                    + "(?:Z|(?<sign>[+-])(?<offsethour>[0-9]{2}):(?<offsetminute>[0-9]{2}))?)?");

    private Timestamps() {}

    /** Microseconds since 1970-01-01 UTC, or empty if the text is no date or time that the contract knows. */
    static OptionalLong parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return OptionalLong.empty();
        }
        int hour = part(form, "hour");
        int minute = part(form, "minute");
        int second = part(form, "second");
        int offsetHour = part(form, "offsethour");
        int offsetMinute = part(form, "offsetminute");
        int year = part(form, "year");
        if (year < 1 || hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) {
            return OptionalLong.empty();
        }
        long day;
        try {
            day = LocalDate.of(year, part(form, "month"), part(form, "day")).toEpochDay();
        } catch (DateTimeException error) {
            return OptionalLong.empty();
        }
        // On plain integers: an offset may carry the first or last day out of the years 1 to 9999.
        int offset = (offsetHour * 3600 + offsetMinute * 60) * ("-".equals(form.group("sign")) ? -1 : 1);
        long seconds = day * 86_400 + hour * 3600 + minute * 60 + second - offset;
        return OptionalLong.of(seconds * 1_000_000 + fraction(form.group("fraction")));
    }

    private static int part(Matcher form, String name) {
        String digits = form.group(name);
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    private static int fraction(String digits) {
        return digits == null ? 0 : Integer.parseInt((digits + "00000").substring(0, 6));
    }
}
