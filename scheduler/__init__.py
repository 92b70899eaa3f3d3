"""The service: language in, durable jobs out."""

__version__ = "0.1.0"
