"""Pages of sla, one module per workplace."""
