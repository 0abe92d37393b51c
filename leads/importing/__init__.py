"""Files of leads and deals, read by a mapping and taken in by the same doors as every other submission."""
