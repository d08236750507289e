"""The benchmark: the product under load, each figure beside the raw limit measured in the same run."""
