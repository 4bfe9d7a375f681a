"""Benchmarks: against scikit-learn and skl2onnx, in one interleaved run, as ratios of medians."""
