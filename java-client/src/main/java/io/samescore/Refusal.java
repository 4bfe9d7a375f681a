package io.samescore;

/**
 * One cell that breaks the contract. The value is put in words only if the problem is written out.
 *
 * @param code what is wrong
 * @param value what was found
 * @param accepted what would have been accepted
 * @param element index inside a list where one element is concerned, else -1
 */
record Refusal(Problem.Code code, Object value, String accepted, int element) {
    Refusal(Problem.Code code, Object value, String accepted) {
        this(code, value, accepted, -1);
    }
}
