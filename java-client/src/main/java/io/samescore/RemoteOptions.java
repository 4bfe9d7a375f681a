package io.samescore;

import java.time.Duration;
import java.util.Objects;

/**
 * How a service is called.
 *
 * @param timeout how long one attempt may take, from connecting to the last byte of the answer
 * @param retries how often a request is sent again after a 503 or a lost connection, and after nothing else: scoring changes
 *     nothing, so that sending it twice does no harm
 * @param token the bearer token, or {@code null} for none
 */
public record RemoteOptions(Duration timeout, int retries, String token) {
    /**
     * Checks the values.
     *
     * @param timeout how long one attempt may take, above 0
     * @param retries how often a request is sent again, from 0 on
     * @param token the bearer token, or {@code null} for none
     * @throws IllegalArgumentException for a timeout that is not positive, or retries below 0
     */
    public RemoteOptions {
        Objects.requireNonNull(timeout);
        if (timeout.isNegative() || timeout.isZero() || retries < 0) {
            throw new IllegalArgumentException("timeout " + timeout + ", retries " + retries + "; above 0, from 0 on");
        }
    }

    /**
     * Ten seconds, five retries, no token.
     *
     * @return the options that {@link RemoteModel#open(java.net.URI, String)} takes
     */
    public static RemoteOptions defaults() {
        return new RemoteOptions(Duration.ofSeconds(10), 5, null);
    }

    /**
     * The same with another timeout.
     *
     * @param timeout how long one attempt may take
     * @return new options
     */
    public RemoteOptions withTimeout(Duration timeout) {
        return new RemoteOptions(timeout, retries, token);
    }

    /**
     * The same with another number of retries.
     *
     * @param retries from 0 on
     * @return new options
     */
    public RemoteOptions withRetries(int retries) {
        return new RemoteOptions(timeout, retries, token);
    }

    /**
     * The same with a token.
     *
     * @param token sent as {@code Authorization: Bearer ...}
     * @return new options
     */
    public RemoteOptions withToken(String token) {
        return new RemoteOptions(timeout, retries, token);
    }

    /** Without the token, which belongs in no log. */
    @Override
    public String toString() {
        return "RemoteOptions[timeout=" + timeout + ", retries=" + retries + "]";
    }
}
