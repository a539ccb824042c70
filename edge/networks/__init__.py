"""Networks: one file each, over `base.Network`, which finds, checks, opens and closes a model folder."""
