"""The repository: a folder of published artifacts in Triton's layout, and the aliases that move over them."""
