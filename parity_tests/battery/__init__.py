"""The reliability battery of the service: ``make battery``."""
