"""What pages of sla read, one module per workplace."""
