/** Scores samescore artifacts on the JVM. */
module io.samescore {
    requires com.fasterxml.jackson.core;
    requires com.microsoft.onnxruntime;
    requires java.net.http;

    exports io.samescore;
}
