"""The service over HTTP: parse, call, return."""
