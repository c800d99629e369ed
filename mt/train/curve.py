"""The learning curve of a training run as a picture: ``curve.svg``."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from mt.train.journal import Row


def draw_curve(rows: Sequence[Row]) -> str:
    """An SVG of loss and dev chrF++ against updates, from the rows of ``log.jsonl``.

    The same rows give the same bytes.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "awda", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9, 3.5), layout="constrained")
        loss, dev = figure.subplots(1, 2)
        steps = [row for row in rows if "loss" in row]
        loss.plot([row["update"] for row in steps], [row["loss"] for row in steps])
        loss.set(xlabel="updates", ylabel="training loss (nats a piece)", ylim=(0, None))
        for name in dict.fromkeys(row["dev"] for row in rows if "dev" in row):
            scored = [row for row in rows if row.get("dev") == name]
            updates = [row["update"] for row in scored]
            dev.plot(updates, [row["chrf2++"] for row in scored], marker=".", label=name)
        dev.set(xlabel="updates", ylabel="dev chrF++ (greedy)", ylim=(0, None))
        if dev.lines:
            dev.legend(loc="lower right")
        for axes in (loss, dev):
            axes.grid(alpha=0.3)
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
