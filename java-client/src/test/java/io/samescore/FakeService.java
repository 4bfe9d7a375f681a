package io.samescore;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A server on the loopback address that gives the answers it was told, in order; one connection for each. */
final class FakeService implements AutoCloseable {
    /** What came in. */
    record Asked(String head, byte[] body) {
        String path() {
            return head.split(" ")[1];
        }
    }

    private final ServerSocket socket;
    private final Queue<byte[]> answers = new ConcurrentLinkedQueue<>();
    private final List<Asked> asked = Collections.synchronizedList(new ArrayList<>());

    FakeService() throws IOException {
        socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::serve, "fake service");
        thread.setDaemon(true);
        thread.start();
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + socket.getLocalPort());
    }

    List<Asked> asked() {
        return asked;
    }

    FakeService answers(int status, String body, String... headers) {
        return answers(status, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    FakeService answers(int status, byte[] body, String... headers) {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " told\r\nConnection: close\r\nContent-Length: ");
        head.append(body.length).append("\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        answer.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
        answer.writeBytes(body);
        answers.add(answer.toByteArray());
        return this;
    }

    /** Reads the next request and hangs up. */
    FakeService hangsUp() {
        answers.add(new byte[0]);
        return this;
    }

    private void serve() {
        while (!socket.isClosed()) {
            try (Socket connection = socket.accept()) {
                InputStream in = new BufferedInputStream(connection.getInputStream());
                asked.add(read(in));
                byte[] answer = answers.poll();
                if (answer == null) {
                    answer = "HTTP/1.1 500 nothing told\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.UTF_8);
                }
                connection.getOutputStream().write(answer);
                connection.getOutputStream().flush();
            } catch (IOException closed) {
                // The test ended, or the client went away.
            }
        }
    }

    private static Asked read(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.UTF_8).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no request");
            }
            head.write(next);
        }
        String text = head.toString(StandardCharsets.UTF_8);
        int length = text.lines()
                .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:"))
                .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
                .findFirst()
                .orElse(0);
        return new Asked(text, in.readNBytes(length));
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
