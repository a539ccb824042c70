"""Networks, one per module, based on `base.Network`, which finds, checks, opens and closes a model folder."""
