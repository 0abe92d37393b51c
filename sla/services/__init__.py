"""What can be done with handoffs and clocks: one function per verb, one module per noun."""
