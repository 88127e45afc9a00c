"""Messages that hold no personal data: a code or a link, for what, from whom, and how to stop it."""
