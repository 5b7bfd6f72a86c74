"""Tables: what is known of one, or of all, and how it came to be so."""
