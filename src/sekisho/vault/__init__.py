"""The vault's pure part: sealing, wrapping, blind indexes and who may read; nonces and keys are arguments."""
