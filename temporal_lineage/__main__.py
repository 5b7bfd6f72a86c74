"""`python -m temporal_lineage` is `tl`, where no script was installed."""

from temporal_lineage.cli.entry import main

if __name__ == "__main__":
    main()
