"""Exports: answers that are graphs, in the formats of other tools."""

from temporal_lineage.exports.exporting import FORMATS, export

__all__ = ("FORMATS", "export")
