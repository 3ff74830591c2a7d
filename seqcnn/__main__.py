"""Start the command line: ``seqcnn`` or ``python -m seqcnn``."""

from seqcnn.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
