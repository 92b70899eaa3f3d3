"""One module per contestant; each ends with its `CONTESTANT`."""
