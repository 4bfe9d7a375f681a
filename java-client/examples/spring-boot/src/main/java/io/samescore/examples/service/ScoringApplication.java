package io.samescore.examples.service;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** A service that scores rows with one artifact. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class ScoringApplication {
    /**
     * Starts the service.
     *
     * @param arguments Spring's, such as {@code --samescore.artifact=spam.onnx}
     */
    public static void main(String[] arguments) {
        SpringApplication.run(ScoringApplication.class, arguments);
    }
}
