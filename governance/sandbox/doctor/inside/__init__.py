"""The programs that probe from inside: read as text, joined, and run in the sandbox's Python, never imported here."""
