"""Adapters: stores, ledgers and clients that implement the ports of the rooms below."""
