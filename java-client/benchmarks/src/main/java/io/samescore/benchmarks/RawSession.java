package io.samescore.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.LongBuffer;
import java.util.Map;

/**
 * What a careful engineer writes by hand for a model of float64 columns with int64 labels: input and output tensors over direct
 * buffers that are made once, and no check of anything. The baseline.
 */
final class RawSession implements AutoCloseable {
    private final OrtSession session;
    private final DoubleBuffer rows;
    private final OnnxTensor input;
    private final LongBuffer labels;
    private final OnnxTensor predict;
    private final DoubleBuffer probabilities;
    private final OnnxTensor proba;
    private final Map<String, OnnxTensor> inputs;
    private final Map<String, OnnxValue> outputs;

    RawSession(String file, int count, int width, int classes) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        session = environment.createSession(file, options);
        rows = direct(count * width * 8).asDoubleBuffer();
        input = OnnxTensor.createTensor(environment, rows, new long[] {count, width});
        labels = direct(count * 8).asLongBuffer();
        predict = OnnxTensor.createTensor(environment, labels, new long[] {count});
        probabilities = direct(count * classes * 8).asDoubleBuffer();
        proba = OnnxTensor.createTensor(environment, probabilities, new long[] {count, classes});
        inputs = Map.of("float64", input);
        outputs = Map.of("predict", predict, "predict_proba", proba);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    /** The labels and probabilities of rows in row-major order. */
    double run(double[] values, long[] label, double[] probability) throws OrtException {
        rows.clear().put(values);
        session.run(inputs, outputs).close();
        labels.clear().get(label);
        probabilities.clear().get(probability);
        return probability[0];
    }

    @Override
    public void close() throws OrtException {
        input.close();
        predict.close();
        proba.close();
        session.close();
    }
}
