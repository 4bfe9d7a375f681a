"""The runtime's own commands, one module each, imported when called."""
