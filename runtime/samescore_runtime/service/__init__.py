"""The HTTP service: a Flask application, a quick lane in front of it, and the server that runs both."""
