"""Markdown that reads well as it is."""

import statistics


def table(heads, rows):
    rows = [[str(cell) for cell in line] for line in (heads, *rows)]
    widths = [max(len(line[column]) for line in rows) for column in range(len(heads))]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths))
                     + " |" for line in rows)


def quartiles(numbers):
    """Of one number or more; the second is the median."""
    return statistics.quantiles(numbers, method="inclusive") if len(numbers) > 1 else numbers * 3


def spread(numbers, form, factor=1.0):
    """"median (from the first to the third quartile)", each times `factor`; nothing for no numbers."""
    if not numbers:
        return ""
    low, middle, high = quartiles(numbers)
    return f"{middle * factor:{form}} ({low * factor:{form}} to {high * factor:{form}})"
