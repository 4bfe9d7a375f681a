"""Mathematics written as nodes, and how far it may be off: what the lowerings of several estimators share, or one needs room for."""
