package io.samescore;

import io.samescore.SamescoreException.Code;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Requests to one service; sent again after a 503 or a lost connection, later each time. */
final class Exchange {
    private static final int BUSY = 503;
    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final long LONGEST_PAUSE_MILLIS = 5000;

    private final HttpClient client;
    private final URI service;
    private final RemoteOptions options;

    Exchange(URI service, RemoteOptions options) {
        this.service = service;
        this.options = options;
        this.client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(options.timeout()).build();
    }

    HttpResponse<byte[]> get(String path) {
        return send(path, request(path).GET());
    }

    /** Posts a JSON header of that length with binary data behind it. */
    HttpResponse<byte[]> post(String path, byte[] body, int headerLength) {
        return send(
                path,
                request(path)
                        .header("Content-Type", "application/octet-stream")
                        .header("Inference-Header-Content-Length", Integer.toString(headerLength))
                        .POST(BodyPublishers.ofByteArray(body)));
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(at(path)).timeout(options.timeout());
        return options.token() == null ? builder : builder.header("Authorization", "Bearer " + options.token());
    }

    /** The service's address may have a path of its own, behind a proxy. */
    private URI at(String path) {
        String base = service.toString();
        return URI.create((base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path);
    }

    private HttpResponse<byte[]> send(String path, HttpRequest.Builder builder) {
        HttpRequest request = builder.build();
        String where = request.uri().toString();
        for (int attempt = 0; ; attempt++) {
            String found;
            Throwable cause = null;
            long asked = 0;
            try {
                HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
                if (response.statusCode() != BUSY) {
                    return response;
                }
                found = "status " + BUSY;
                asked = retryAfter(response);
            } catch (HttpTimeoutException error) {
                // The service may be at work on it still; another copy would only add to that.
                throw new SamescoreException(
                        Code.UNAVAILABLE, where, "no answer within " + options.timeout(), "an answer in time", error);
            } catch (IOException error) {
                found = "no connection (" + error + ")";
                cause = error;
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
                throw new SamescoreException(Code.UNAVAILABLE, where, "the thread was interrupted", "time to answer", error);
            }
            if (attempt == options.retries()) {
                String times = attempt == 0 ? "" : " after " + (attempt + 1) + " attempts";
                throw new SamescoreException(Code.UNAVAILABLE, where, found + times, "a service that answers", cause);
            }
            pause(where, attempt, asked);
        }
    }

    private static long retryAfter(HttpResponse<?> response) {
        String seconds = response.headers().firstValue("Retry-After").orElse("");
        return seconds.matches("\\d{1,4}") ? Duration.ofSeconds(Long.parseLong(seconds)).toMillis() : 0;
    }

    /** Between half and all of a time that doubles, so that callers who were shed together do not come back together. */
    private static void pause(String where, int attempt, long asked) {
        long longest = Math.max(asked, FIRST_PAUSE_MILLIS << Math.min(attempt, 10));
        longest = Math.min(longest, LONGEST_PAUSE_MILLIS);
        try {
            Thread.sleep(longest / 2 + ThreadLocalRandom.current().nextLong(longest / 2 + 1));
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new SamescoreException(Code.UNAVAILABLE, where, "the thread was interrupted", "time to answer", error);
        }
    }
}
