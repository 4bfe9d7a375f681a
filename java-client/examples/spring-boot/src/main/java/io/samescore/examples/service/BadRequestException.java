package io.samescore.examples.service;

/** A body that is JSON, but no request for scores. */
class BadRequestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BadRequestException(String message) {
        super(message);
    }
}
