package io.samescore;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.samescore.SamescoreException.Code;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** An onnxruntime session: arrays in, arrays out, nothing native left behind by a run. */
final class Session implements AutoCloseable {
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final String where;

    private Session(OrtEnvironment environment, OrtSession session, String where) {
        this.environment = environment;
        this.session = session;
        this.where = where;
    }

    /** Opens verified bytes. One intra-op thread: with more, sums may change their order. */
    static Session open(byte[] content, String where) {
        OrtEnvironment environment = Native.environment(where);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
            // The arena keeps the memory of the largest batch ever seen; a service wants it back.
            options.setCPUArenaAllocator(false);
            options.setMemoryPatternOptimization(false);
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            return new Session(environment, environment.createSession(content, options), where);
        } catch (OrtException error) {
            throw new SamescoreException(
                    Code.CONTRACT_MISMATCH,
                    where,
                    "onnxruntime " + environment.getVersion() + " cannot open it (" + reason(error) + ")",
                    "a model",
                    error);
        }
    }

    static String reason(OrtException error) {
        return String.valueOf(error.getMessage()).strip().lines().findFirst().orElse("no reason given");
    }

    OrtSession ort() {
        return session;
    }

    /** The outputs of that names for input tensors. */
    Map<String, Array> run(Map<String, Array> tensors, Set<String> names) {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try {
            for (Map.Entry<String, Array> tensor : tensors.entrySet()) {
                inputs.put(tensor.getKey(), tensor(tensor.getValue()));
            }
            try (OrtSession.Result result = session.run(inputs, names)) {
                Map<String, Array> outputs = new LinkedHashMap<>();
                for (Map.Entry<String, OnnxValue> output : result) {
                    outputs.put(output.getKey(), OutputReader.read((OnnxTensor) output.getValue()));
                }
                return outputs;
            }
        } catch (OrtException error) {
            throw failed(error);
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    /** Runs tensors that stay, and arrays for which tensors are made, into output tensors that stay. */
    void run(Map<String, OnnxTensor> fixed, Map<String, Array> loose, Map<String, OnnxTensor> outputs) {
        Map<String, OnnxTensor> made = new HashMap<>();
        try {
            Map<String, OnnxTensor> inputs = fixed;
            if (!loose.isEmpty()) {
                for (Map.Entry<String, Array> array : loose.entrySet()) {
                    made.put(array.getKey(), tensor(array.getValue()));
                }
                inputs = new HashMap<>(fixed);
                inputs.putAll(made);
            }
            session.run(inputs, outputs).close();
        } catch (OrtException error) {
            throw failed(error);
        } finally {
            made.values().forEach(OnnxTensor::close);
        }
    }

    private SamescoreException failed(OrtException error) {
        return new SamescoreException(Code.RUNTIME, where, "scoring failed (" + reason(error) + ")", "scores", error);
    }

    private OnnxTensor tensor(Array array) throws OrtException {
        long[] shape = new long[array.shape().length];
        for (int axis = 0; axis < shape.length; axis++) {
            shape[axis] = array.shape()[axis];
        }
        if (array.data() instanceof double[] values) {
            return OnnxTensor.createTensor(environment, DoubleBuffer.wrap(values), shape);
        } else if (array.data() instanceof float[] values) {
            return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
        } else if (array.data() instanceof long[] values) {
            return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
        } else if (array.data() instanceof int[] values) {
            return OnnxTensor.createTensor(environment, IntBuffer.wrap(values), shape);
        } else if (array.data() instanceof boolean[] values) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(values.length);
            for (boolean value : values) {
                bytes.put((byte) (value ? 1 : 0));
            }
            return OnnxTensor.createTensor(environment, bytes.flip(), shape, OnnxJavaType.BOOL);
        }
        return OnnxTensor.createTensor(environment, (String[]) array.data(), shape);
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException error) {
            throw new SamescoreException(Code.RUNTIME, where, "closing failed (" + reason(error) + ")", "", error);
        }
    }
}
