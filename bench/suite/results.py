"""Rounds that were measured, a file for each row: a long suite is made of short runs."""

import json

from common.machine import environment


class Store:
    def __init__(self, folder):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def _file(self, row):
        return self._folder / f"{row}.json"

    def add(self, row, figures):
        """`figures` of one round: {contender: {figure: number}}."""
        kept = self._read(row) or {"environment": environment(), "rounds": []}
        kept["rounds"].append(figures)
        new = self._file(row).with_suffix(".new")
        new.write_text(json.dumps(kept, indent=1))
        new.rename(self._file(row))

    def _read(self, row):
        file = self._file(row)
        return json.loads(file.read_text()) if file.exists() else None

    def read(self, rows):
        """{row: {"environment": …, "rounds": […]}} of those that were measured."""
        return {row: kept for row in rows if (kept := self._read(row))}

    def forget(self, rows):
        for row in rows:
            self._file(row).unlink(missing_ok=True)

    @staticmethod
    def write_all(file, measured):
        file.write_text(json.dumps(measured, indent=1))
