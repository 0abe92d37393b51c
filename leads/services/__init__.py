"""What can be done with submissions and leads: one function per verb, one module per noun."""
