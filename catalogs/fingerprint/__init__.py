"""Fingerprints of Arrow batches, as docs/fingerprint.md defines them."""
