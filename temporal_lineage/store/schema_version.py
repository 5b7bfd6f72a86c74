"""Schema versions of the ledger, known without loading what migrates between them."""

SCHEMA_VERSIONS = ("0001", "0002", "0003", "0004")
"""Every revision in `migrations/versions`, oldest first; a test holds the two together."""

SCHEMA_VERSION = SCHEMA_VERSIONS[-1]
"""The version this program reads and writes."""
