"""Page-shaped reads of leads, one module per workplace."""
