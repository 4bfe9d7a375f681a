package io.samescore.examples.service;

import io.samescore.ContractException;
import io.samescore.Problem;
import io.samescore.SamescoreException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;

/** What goes wrong, as RFC 9457 problem details. */
@RestControllerAdvice
class ProblemAnswers extends ResponseEntityExceptionHandler {
    /** Rows that break the contract: 422, with every problem. */
    @ExceptionHandler
    ProblemDetail contract(ContractException error) {
        ProblemDetail answer = ProblemDetail.forStatusAndDetail(HttpStatus.UNPROCESSABLE_ENTITY, error.getMessage());
        answer.setProperty("total", error.total());
        answer.setProperty("problems", error.problems().stream().map(ProblemAnswers::problem).toList());
        return answer;
    }

    private static Map<String, Object> problem(Problem problem) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("row", problem.row());
        values.put("column", problem.column());
        values.put("code", problem.code().text());
        values.put("message", problem.message());
        return values;
    }

    /** Everything else that the client refuses or fails at. */
    @ExceptionHandler
    ProblemDetail samescore(SamescoreException error) {
        HttpStatus status = switch (error.code()) {
            case INPUT -> HttpStatus.BAD_REQUEST;
            case UNAVAILABLE, CLOSED -> HttpStatus.SERVICE_UNAVAILABLE;
            case REMOTE -> HttpStatus.BAD_GATEWAY;
            default -> HttpStatus.INTERNAL_SERVER_ERROR;
        };
        ProblemDetail answer = ProblemDetail.forStatusAndDetail(status, error.getMessage());
        answer.setProperty("code", error.code());
        return answer;
    }

    @ExceptionHandler
    ProblemDetail request(BadRequestException error) {
        return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, error.getMessage());
    }
}
