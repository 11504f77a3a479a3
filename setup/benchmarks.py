"""Run every benchmark of the code, one at a time, and repeat their last lines at the end."""

import subprocess

from checkout import PYTHON, ROOT, run

APART = {"house"}  # it takes an hour, and times this Makefile: python -m benchmarks.house


def main() -> int:
    """Run all; the status is 1 if one failed."""
    results = []
    for file in sorted((ROOT / "benchmarks").glob("*.py")):
        if file.stem in APART or '__name__ == "__main__"' not in file.read_text("utf-8"):
            continue
        print(f"--- {file.stem}", flush=True)
        results.append(one(file.stem))
    print("---\n" + "\n".join(line for line, _ in results))
    return int(any(status for _, status in results))


def one(name: str) -> tuple[str, int]:
    """Run a benchmark, passing on what it prints; gives its last line and status."""
    command = [str(PYTHON), "-u", "-m", f"benchmarks.{name}"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    last = ""
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line.strip() or last
    status = process.wait()
    return (f"{name} failed with status {status}" if status else last), status


if __name__ == "__main__":
    run(main)
