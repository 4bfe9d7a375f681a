package io.samescore.examples.service;

import io.samescore.Model;
import io.samescore.RemoteModel;
import io.samescore.Scorer;
import io.samescore.TrustedKeys;
import java.nio.file.Path;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The scorer, opened once. A file that fails its checks keeps the service from starting. */
@Configuration(proxyBeanMethods = false)
class ScorerConfiguration {
    /** Closed by Spring after the web server has answered what it had begun. */
    @Bean(destroyMethod = "close")
    Scorer scorer(ScorerProperties properties) {
        if (properties.artifact() == null) {
            return RemoteModel.open(properties.service(), properties.model());
        }
        return properties.keys().isEmpty()
                ? Model.open(properties.artifact())
                : Model.open(properties.artifact(), TrustedKeys.read(properties.keys().toArray(new Path[0])));
    }
}
