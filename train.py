"""A thin door to `pharmaspam train`: `python train.py` builds a model from `data/`; see `python train.py --help`."""

from pharmaspam.cli import main

if __name__ == "__main__":
    main("train")
