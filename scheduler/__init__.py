"""The service: language in, durable jobs out."""
