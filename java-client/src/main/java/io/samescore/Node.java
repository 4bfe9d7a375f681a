package io.samescore;

import io.samescore.SamescoreException.Code;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A JSON value of an artifact's entry, and where it stands, so that a refusal can name the place. */
record Node(String where, Object value) {
    static Node parse(String where, String text) {
        try {
            return new Node(where, Json.parse(text));
        } catch (IOException error) {
            throw new SamescoreException(
                    Code.NOT_AN_ARTIFACT, where, "no JSON (" + firstLine(error) + ")", "JSON as samescore writes it", error);
        }
    }

    private static String firstLine(IOException error) {
        return String.valueOf(error.getMessage()).lines().findFirst().orElse("unreadable");
    }

    boolean isNull() {
        return value == null;
    }

    /** The value of a key, which must be there. */
    Node get(String key) {
        Map<?, ?> object = object();
        if (!object.containsKey(key)) {
            throw refuse("no key \"" + key + "\"", "an object with it");
        }
        return new Node(where + "." + key, object.get(key));
    }

    Map<?, ?> object() {
        if (value instanceof Map<?, ?> object) {
            return object;
        }
        throw refuse(Wording.found(value), "an object");
    }

    List<Node> items() {
        if (!(value instanceof List<?> list)) {
            throw refuse(Wording.found(value), "a list");
        }
        List<Node> items = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            items.add(new Node(where + "[" + i + "]", list.get(i)));
        }
        return items;
    }

    String text() {
        if (value instanceof String text) {
            return text;
        }
        throw refuse(Wording.found(value), "a string");
    }

    String textOrNull() {
        return isNull() ? null : text();
    }

    boolean flag() {
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw refuse(Wording.found(value), "true or false");
    }

    /** An integer that is a size or an index. */
    int integer() {
        if (value instanceof Long number && number >= 0 && number <= Integer.MAX_VALUE) {
            return number.intValue();
        }
        throw refuse(Wording.found(value), "an integer from 0 to " + Integer.MAX_VALUE);
    }

    /** An integer of any sign. */
    long whole() {
        if (value instanceof Long number) {
            return number;
        }
        throw refuse(Wording.found(value), "an integer");
    }

    Integer integerOrNull() {
        return isNull() ? null : Integer.valueOf(integer());
    }

    double number() {
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        throw refuse(Wording.found(value), "a number");
    }

    SamescoreException refuse(String found, String accepted) {
        return new SamescoreException(Code.NOT_AN_ARTIFACT, where, found, accepted);
    }
}
