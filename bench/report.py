"""What every bench says at its end: a table, one line per floor, a JSON file and a picture in `bench/results/`."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl
from rich.console import Console
from rich.table import Table

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Floor:
    """A figure and what it must reach at least, or keep to at most where less is better. `name` is one word.

    A figure that could not be taken is `nan`, which reaches nothing.
    """

    name: str
    figure: float
    floor: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        return self.figure <= self.floor if self.at_most else self.figure >= self.floor

    def __str__(self) -> str:
        return f"{'ok' if self.reached else 'short'} {self.name} {self.figure:.4g} {self.floor:.4g}"


@dataclass(frozen=True)
class Panel:
    """One part of a picture: groups of bars, one bar per series in each group; or lines over the groups."""

    title: str
    unit: str
    groups: Sequence[str]
    series: Mapping[str, Sequence[float]]
    logarithmic: bool = False
    lines: bool = False


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, width: int = 120) -> None:
    """Print a table; the first column stands left, the others right."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console(width=width).print(table)


def judge(floors: Sequence[Floor]) -> int:
    """Print one line per floor; return the exit code, 1 when one is short."""
    for floor in floors:
        print(floor)
    return 0 if all(floor.reached for floor in floors) else 1


def save(name: str, figures: Mapping[str, object], floors: Sequence[Floor]) -> Path:
    """Write the figures as JSON, with the machine they were measured on."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    document = {
        "bench": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": figures,
        "floors": [str(floor) for floor in floors],
    }
    path = RESULTS / f"{name}.json"
    plain = json.loads(json.dumps(document), parse_constant=str)  # JSON knows neither NaN nor Infinity
    path.write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def draw(name: str, title: str, panels: Sequence[Panel]) -> Path:
    """Draw the panels side by side into a PNG."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(1, len(panels), figsize=(5 * len(panels), 4), squeeze=False)
    for axis, panel in zip(axes[0], panels, strict=True):
        _lines(axis, panel) if panel.lines else _bars(axis, panel)
        axis.set(title=panel.title, ylabel=panel.unit, yscale="log" if panel.logarithmic else "linear")
    axes[0][0].legend(fontsize=8)
    figure.suptitle(title)
    figure.tight_layout()
    path = RESULTS / f"{name}.png"
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return path


def _bars(axis: Axes, panel: Panel) -> None:
    width = 0.8 / len(panel.series)
    for number, (label, values) in enumerate(panel.series.items()):
        places = [group + number * width for group in range(len(panel.groups))]
        axis.bar_label(axis.bar(places, values, width, label=label), fmt="%.3g", fontsize=8)
    slope = 90 if len(panel.groups) > 4 else 0
    axis.set_xticks([group + 0.4 - width / 2 for group in range(len(panel.groups))], panel.groups, rotation=slope)


def _lines(axis: Axes, panel: Panel) -> None:
    for label, values in panel.series.items():
        axis.plot(panel.groups, values, marker="o", label=label)
    axis.set_ylim(bottom=0)


def machine() -> dict[str, object]:
    """Describe this machine; `load` is its load average now, which says how quiet it was."""
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory": _field("/proc/meminfo", "MemTotal"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def _field(path: str, name: str) -> str:
    file = Path(path)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
