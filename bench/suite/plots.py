"""Pictures of the tables, as small SVG files beside the document."""

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "novip", "font.size": 9,
                            "axes.spines.top": False, "axes.spines.right": False})
from matplotlib import pyplot                                   # noqa: E402

from common.markdown import quartiles                           # noqa: E402
from contenders import CONTENDERS, DIRECT, REFERENCES, SPLICE          # noqa: E402
from table import ROWS                                          # noqa: E402

COLOURS = dict(zip((contender.name for contender in (*CONTENDERS, SPLICE, *REFERENCES)),
                   ("#888888", "#1b6ac9", "#0b3d78", "#d9822b", "#5a9e4b", "#6c9bd8", "#a9c8ec", "#8496ad")))
RATES = ("select-1", "select-8", "select-64", "connections", "copy-out", "copy-in", "basebackup")


def draw(folder, measured):
    """[(title, file)] of what can be drawn of the rows that were measured."""
    folder.mkdir(exist_ok=True)
    drawn = []
    rates = [name for name in RATES if name in measured]
    if rates:
        drawn.append(bars(folder / "rates.svg", "Rate, direct = 1",
                          {ROWS[name].title: of_direct(measured[name]["rounds"], "rate")
                           for name in rates}))
        drawn.append(bars(folder / "machine.svg", "Processor time of the whole machine, direct = 1",
                          {ROWS[name].title: of_direct(measured[name]["rounds"], "machine")
                           for name in rates}))
    selects = [name for name in rates if name.startswith("select")]
    if selects:
        drawn.append(bars(folder / "latency.svg", "Latency p50, direct = 1",
                          {ROWS[name].title: of_direct(measured[name]["rounds"], "p50")
                           for name in selects}))
    if "memory" in measured:
        rounds = measured["memory"]["rounds"]
        drawn.append(bars(folder / "memory.svg", "Resident bytes for each idle session", {
            f"{int(count):,} sessions": {name: sorted(figures[name][count] for figures in rounds)
                                         for name in rounds[-1]}
            for count in next(iter(rounds[-1].values()))}))
    return drawn


def of_direct(rounds, figure):
    """{contender: ratios, sorted}"""
    return {name: sorted(figures[name][figure] / figures[DIRECT.name][figure] for figures in rounds
                         if name in figures)
            for name in rounds[-1]}


def bars(file, title, groups):
    """A group of bars for each row; a line over the middle half of all rounds."""
    names = [name for name in COLOURS if any(name in group for group in groups.values())]
    figure, axes = pyplot.subplots(figsize=(8, 0.35 * len(groups) * len(names) + 1))
    height = 0.8 / len(names)
    for place, group in enumerate(groups.values()):
        for number, name in enumerate(names):
            if not group.get(name):
                continue
            at = -place - 0.4 + (len(names) - number - 0.5) * height
            low, middle, high = quartiles(group[name])
            axes.barh(at, middle, height * 0.9, color=COLOURS[name],
                      label=name if place == 0 or name not in list(groups.values())[0] else None)
            axes.plot([low, high], [at, at], color="black", linewidth=0.8)
            axes.text(high, at, f" {middle:,.2f}" if middle < 100 else f" {middle:,.0f}",
                      va="center", fontsize=7)
    axes.set_yticks([-place for place in range(len(groups))], groups)
    axes.set_title(title, loc="left", fontsize=10)
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles))
    axes.legend(unique.values(), unique.keys(), ncol=len(unique), loc="upper center",
                bbox_to_anchor=(0.5, -0.12), frameon=False)
    figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    return title, file
