"""The application: settings and the one place where rooms meet adapters."""
