"""The command lines of `edge.archive`: progress goes to stderr, the summary to stdout."""
