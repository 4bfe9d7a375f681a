/** Scores samescore artifacts on the JVM. */
module io.samescore {
    requires com.fasterxml.jackson.core;
    requires com.microsoft.onnxruntime;

    exports io.samescore;
}
