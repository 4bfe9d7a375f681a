"""Clients of the Open Inference Protocol V2 by others, each a script that runs in an environment of its own."""
