"""Source code from a contract, so that a caller's compiler knows its columns and outputs."""
