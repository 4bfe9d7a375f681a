package io.samescore;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.samescore.SamescoreException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Loads onnxruntime, once in a JVM.
 *
 * <p>From 1.29.0 on, onnxruntime gathers usage data on Linux and macOS unless the environment says {@code ORT_DISABLE_TELEMETRY=1}, which
 * a JVM cannot say for itself. Two things follow. While it starts, it matches the process's command line with a recursive regular
 * expression, which overflows an ordinary thread's stack from a few thousand characters on (any class path is longer) and ends the JVM
 * without a word: so it starts on a thread whose stack is deep enough. And its later reports are turned off.
 */
final class Native {
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
    /** Stack per byte of the command line; measured: 260 bytes. */
    private static final long STACK_PER_BYTE = 1024;
    /** Stack where the command line cannot be read, which is enough for one of 128 KiB. */
    private static final long STACK = 128L << 20;

    private Native() {}

    /** onnxruntime's environment, which is never closed. */
    static OrtEnvironment environment(String where) {
        FutureTask<OrtEnvironment> start = new FutureTask<>(Native::start);
        // Memory is reserved for the whole stack, and taken for what is used of it.
        Thread thread = new Thread(null, start, "samescore-onnxruntime", stackSize());
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return start.get();
                } catch (InterruptedException error) {
                    // Starting cannot be broken off; the caller learns of the interrupt when it is through.
                    interrupted = true;
                } catch (ExecutionException error) {
                    throw new SamescoreException(
                            Code.RUNTIME,
                            where,
                            "onnxruntime's native library cannot be loaded (" + error.getCause() + ")",
                            "Linux with glibc on x64 or arm64, macOS on arm64, or Windows on x64",
                            error.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static OrtEnvironment start() throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        environment.setTelemetry(false);
        return environment;
    }

    private static long stackSize() {
        try {
            return STACK + STACK_PER_BYTE * Files.readAllBytes(COMMAND_LINE).length;
        } catch (IOException error) {
            // No such file but on Linux.
            return STACK;
        }
    }
}
