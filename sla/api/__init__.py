"""The JSON API of sales and of the audit: handoffs with their clocks, what is done with them, agreements, figures, evidence."""
