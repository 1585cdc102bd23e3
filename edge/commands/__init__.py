"""The subcommands of ``heirloom`` that need the base install only.

Each module holds a `typer.Typer` named ``command``; the first line of its docstring is what the
overview (``heirloom --help``) prints.
"""
