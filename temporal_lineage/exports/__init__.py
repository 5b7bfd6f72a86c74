"""Exports: answers that are graphs, in the formats of other tools."""

from temporal_lineage.exports.exporting import FORMATS, LINEAGE_ONLY, export

__all__ = ("FORMATS", "LINEAGE_ONLY", "export")
