"""What this machine can do, and how much of it we use: `python -m bench`. Nothing of the product imports it."""
