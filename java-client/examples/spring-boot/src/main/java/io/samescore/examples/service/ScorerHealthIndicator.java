package io.samescore.examples.service;

import io.samescore.SamescoreException;
import io.samescore.Scorer;
import java.util.List;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.stereotype.Component;

/**
 * {@code scorer} of {@code /actuator/health}: the artifact's digest, while it scores. No rows are scored, which a closed model refuses.
 * A service behind a {@code RemoteModel} is not called: else one that is down would take every caller down with it.
 */
@Component
class ScorerHealthIndicator implements HealthIndicator {
    private final Scorer scorer;

    ScorerHealthIndicator(Scorer scorer) {
        this.scorer = scorer;
    }

    @Override
    public Health health() {
        try {
            scorer.score(List.of());
        } catch (SamescoreException error) {
            return Health.down(error).withDetail("code", error.code()).build();
        }
        return Health.up().withDetail("artifact", scorer.digest()).build();
    }
}
