"""Start the command line: ``seqcnn`` or ``python -m seqcnn``."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; an interruption while it is loaded is no traceback either."""
    try:
        from seqcnn.cli.main import main as run
        from seqcnn.cli.options import own_process

        if arguments is None:
            own_process()
    except KeyboardInterrupt:
        return 130
    return run(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
