"""The path of a small line drawn from numbers, in a box of 100 by 24."""

from collections.abc import Sequence

from msgspec import Struct

_WIDE, _HIGH = 100.0, 24.0


class Sparkline(Struct, frozen=True):
    """SVG paths of the line and the area below it, and where the threshold lies."""

    line: str
    area: str
    threshold: float | None


def sparkline(values: Sequence[float], threshold: float | None = None) -> Sparkline:
    """Oldest value first. The lowest edge is zero, or the least value below it."""
    known = [*values, *([threshold] if threshold is not None else [])]
    low, high = min([0.0, *known]), max([0.0, *known])
    reach = (high - low) or 1.0

    def y(value: float) -> float:
        return round(_HIGH - 1 - (value - low) / reach * (_HIGH - 2), 2)

    step = _WIDE / max(1, len(values) - 1)
    points = [f"{round(i * step, 2):g},{y(v):g}" for i, v in enumerate(values)]
    if len(points) == 1:
        points.append(f"{_WIDE:g},{y(values[0]):g}")
    line = "M" + " ".join(points) if points else ""
    return Sparkline(
        line=line,
        area=f"{line} {_WIDE:g},{_HIGH:g} 0,{_HIGH:g}Z" if line else "",
        threshold=y(threshold) if threshold is not None else None,
    )
