"""Reads the log of cpu.sh or measure.sh and prints a table of each preset.

    python3 docs/gpu/table.py LOG [f32=67 bf16=989 ..]      (peaks of the device in TFLOP/s, by dtype)

Speed is tokens a second, the median block of a run (of the target: between two lines of progress, its evaluations left
out), and of several runs the median, the slowest and the fastest; "of torch" is its share of that of the first form of
PyTorch in the log. The first start of a program is its cold one, in seconds; the warm one is the median of the others.
The score is val_bpb of the target and the last loss of gpt.py: no comparison, only a sign that it learned.
"""

import statistics
import sys

from gpt import flops_per_token


def main():
    path, *peaks = sys.argv[1:]
    peaks = {dtype: float(peak) for dtype, peak in (peak.split("=") for peak in peaks)}
    with open(path, errors="replace") as log:
        runs = read(log)
    for preset in dict.fromkeys(run["preset"] for run in runs):
        print_table(preset, [run for run in runs if run["preset"] == preset], peaks)


def read(log):
    """The runs of a log: what each was told and what it said."""
    runs = []
    for line in log:
        time, word, *rest = line.split() + [""]
        said = dict(pair.split("=", 1) for pair in rest if "=" in pair)
        if word == "begin":
            empty = {"progress": [], "result": None, "agreement": None, "status": "?"}
            runs.append({**said, **empty, "began": float(time)})
        elif word == "progress":
            point = (float(said["seconds"]), int(said["tokens"]))
            if not runs[-1]["progress"]:
                runs[-1]["start"] = float(time) - runs[-1]["began"] - point[0]
            runs[-1]["progress"].append(point)
        elif word in ("result", "agreement"):
            runs[-1][word] = said
        elif word == "end":
            runs[-1]["status"] = said["status"]
    return runs


def print_table(preset, runs, peaks):
    agreements = {run["name"]: run for run in runs if run["part"] == "agree"}
    timed = {}
    for run in runs:
        if run["part"] == "time":
            timed.setdefault(run["name"], []).append(run)
    print(f"\n{preset}: depth,width,heads,mlp,context,batch,rate = {runs[0]['size']}\n")
    columns = "program | dtype | agreement | tokens/s | slowest | fastest | of torch | FLOPs | start cold | warm | MiB | score"
    print(f"| {columns} |")
    print("|---" * len(columns.split("|")) + "|")
    speeds_of = {name: sorted(speed(run) for run in runs if finished(run)) for name, runs in timed.items()}
    torch = next((speeds for name, speeds in speeds_of.items() if name.startswith("torch") and speeds), None)
    for name, all_runs in timed.items():
        done = [run for run in all_runs if finished(run)]
        agreement = said_of(agreements.get(name))
        if not done:
            print(f"| {name} | {all_runs[0]['dtype']} | {agreement} | failed ({all_runs[-1]['status']}) |{' |' * 8}")
            continue
        speeds = speeds_of[name]
        middle = statistics.median(speeds)
        starts = [start(run) for run in done]
        result = done[-1]["result"]
        depth, width, _, _, context, *_ = (float(number) for number in done[0]["size"].split(","))
        flops = middle * flops_per_token(int(result["params"]), depth, width, context)
        peak = peaks.get(done[0]["dtype"])
        cells = [
            name,
            done[0]["dtype"],
            agreement,
            f"{middle:.0f}",
            f"{speeds[0]:.0f}",
            f"{speeds[-1]:.0f}",
            f"{middle / statistics.median(torch):.2f}" if torch else "",
            f"{flops / peak / 1e10:.1f} %" if peak else f"{flops / 1e12:.3g} TFLOP/s",
            f"{starts[0]:.1f}",
            f"{statistics.median(starts[1:]):.1f}" if starts[1:] else "",
            f"{float(result.get('device_memory', result['memory'])) / 2**20:.0f}",
            result.get("val_bpb", result.get("loss_last")),
        ]
        print("|", " | ".join(cells), "|")


def finished(run):
    return run["status"] == "0" and run["result"]


def said_of(agreement):
    if agreement is None:
        return ""
    if agreement["agreement"] is None:
        return f"failed ({agreement['status']})"
    said = agreement["agreement"]
    holds = "" if agreement["status"] == "0" else "NO: "
    return holds + ", ".join(said[key] for key in ["first_gradients", "losses", "last_gradients"])


def speed(run):
    if "tokens_per_second" in run["result"]:
        return float(run["result"]["tokens_per_second"])
    if run.get("clock") == "cpu":
        # Its lines tell the wall clock only, but it has spent its budget.
        return int(run["result"]["tokens"]) / float(run["each"])
    points = [(0, 0), *run["progress"]]
    return statistics.median(
        (tokens - before_tokens) / (seconds - before)
        for (before, before_tokens), (seconds, tokens) in zip(points, points[1:])
    )


def start(run):
    return float(run["result"]["start_seconds"]) if "start_seconds" in run["result"] else run["start"]


if __name__ == "__main__":
    main()
