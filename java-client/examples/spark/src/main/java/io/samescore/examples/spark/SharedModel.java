package io.samescore.examples.spark;

import io.samescore.Model;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * One open model per file and JVM, however many tasks score with it: a model serves any number of threads. It is closed, and its native
 * memory freed, when the last task that holds it ends.
 */
final class SharedModel implements AutoCloseable {
    private static final Map<Path, SharedModel> OPEN = new HashMap<>();

    private final Path path;
    private final Model model;
    private int holders;

    private SharedModel(Path path) {
        this.path = path;
        this.model = Model.open(path);
    }

    /** The model of a file, to be closed once by each caller. The first opens it, with all its checks, while the others wait. */
    static SharedModel hold(Path path) {
        synchronized (OPEN) {
            SharedModel shared = OPEN.computeIfAbsent(path, SharedModel::new);
            shared.holders++;
            return shared;
        }
    }

    Model model() {
        return model;
    }

    @Override
    public void close() {
        synchronized (OPEN) {
            holders--;
            if (holders == 0) {
                OPEN.remove(path);
                model.close();
            }
        }
    }
}
