"""Reports on the agreement: what was promised, what was kept, and the evidence."""
