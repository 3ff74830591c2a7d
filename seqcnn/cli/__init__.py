"""The command line: one file per command, nothing heavy imported before the arguments are parsed."""
