"""Linking: join runs to the exact states they read and wrote, from all that is known."""
