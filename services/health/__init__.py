"""How a feed is: what it does in an ordinary week, and what is out of the ordinary. Pure: counts in, findings out."""
