"""The policy language: a Markdown text read into a typed `Policy`, with diagnostics instead of exceptions."""
