"""``make bench``: run all benchmarks and print a Markdown page; also written to build/benchmarks.md."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from benchmarks.footprint import serve_and_measure

PACKAGES = ("scikit-learn", "onnxruntime", "skl2onnx", "onnx", "numpy", "flask", "granian")


def machine() -> str:
    """The processor's name and how many there are."""
    names = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def service() -> Iterator[str]:
    """Measured before anything else is imported: pages of libraries that this process shares with the server would count half."""
    folder = Path("build/artifacts/scenarios")
    if any(folder.glob("*.onnx")):
        measured = [serve_and_measure(folder) for _ in range(5)]
        ready, memory = (statistics.median(column) for column in zip(*measured, strict=True))
        yield f"## Service\n\nThe three scenarios, one worker, median of 5 starts: ready after {ready:.2f} s, idle at {memory:.0f} MB PSS."
    else:
        yield "## Service\n\nNot measured: `make demo` makes the artifacts in build/artifacts/scenarios."


def page() -> Iterator[str]:
    """The lines of the report, as they are measured."""
    yield f"# Benchmarks, {datetime.datetime.now(datetime.UTC).date()}\n"
    yield f"{machine()}; {', '.join(f'{name} {version(name)}' for name in PACKAGES)}. One thread but where two callers are named; medians of an interleaved run.\n"
    yield from service()
    from benchmarks.forests import large_forests
    from benchmarks.scoring import arrays, exports, mixed_columns

    yield "\n## Scoring\n\nTimes as fast as each: larger is better for samescore.\n"
    yield "| model | rows | samescore | scikit-learn | skl2onnx (float32) | others |\n| --- | --- | --- | --- | --- | --- |"
    for source in (arrays, mixed_columns):
        for name, rows, found in source():
            ours = found.pop("samescore")
            usual = [f"{found.pop(peer) / ours:.2f}" for peer in ("scikit-learn", "skl2onnx")]
            others = ", ".join(f"{peer} {seconds / ours:.2f}" for peer, seconds in found.items())
            yield f"| {name} | {rows:,} | {ours * 1e6:,.0f} us | {' | '.join(usual)} | {others} |"
    yield "\n## Export\n\n| model | samescore, with proof | skl2onnx | bytes | bytes of skl2onnx |\n| --- | --- | --- | --- | --- |"
    for name, ours_s, theirs_s, ours_b, theirs_b in exports():
        yield f"| {name} | {ours_s:.2f} s | {theirs_s:.2f} s | {ours_b:,} | {theirs_b:,} |"
    yield "\n## Large forests\n\nDeep trees over 10,000 rows of 20 columns; peak memory of the whole process, the fitted model included.\n"
    yield "| trees | nodes | samescore: compile | with proof | memory | bytes | skl2onnx | memory | bytes |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    yield from large_forests()


def main() -> None:
    """Measure, print and write."""
    lines = []
    for line in page():
        print(line, flush=True)
        lines.append(line)
    Path("build").mkdir(exist_ok=True)
    Path("build/benchmarks.md").write_text("\n".join(lines) + "\n")
    print("written to build/benchmarks.md", file=sys.stderr)


if __name__ == "__main__":
    main()
