"""What the product costs, measured: `make bench`. Not shipped, and imported by nothing."""
