"""Pages of leads, one module per workplace."""
