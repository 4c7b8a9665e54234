"""The rich question: seats, budget, sizes, kinds and stages together, as one mixed-integer program."""
