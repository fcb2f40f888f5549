"""Results as bytes: one module per format."""
