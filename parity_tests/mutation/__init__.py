"""The prover tested by mutation: wrong graphs of many kinds, each of which it must catch."""
