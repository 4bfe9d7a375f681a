package io.samescore.examples.service;

import io.samescore.Row;
import io.samescore.Scorer;
import io.samescore.Scores;
import java.util.List;
import java.util.Map;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** The one endpoint. */
@RestController
class ScoringController {
    private final Scorer scorer;

    ScoringController(Scorer scorer) {
        this.scorer = scorer;
    }

    /** Rows as they come in JSON: an object per row, with a value per column. */
    record Request(List<Map<String, Object>> rows) {}

    /** The artifact that scored, and per output a value or a list per row. */
    record Answer(String artifact, Map<String, Object> outputs) {}

    @PostMapping("/scores")
    Answer score(@RequestBody Request request) {
        if (request.rows() == null || request.rows().contains(null)) {
            throw new BadRequestException("rows: none, or a null among them; a list with an object per row");
        }
        Scores scores = scorer.score(request.rows().stream().map(Row::of).toList());
        return new Answer(scorer.digest(), OutputValues.of(scorer.contract(), scores));
    }
}
