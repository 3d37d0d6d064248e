"""Quality measures: pages in a small vocabulary, what they ask of a person's facts, and what is counted."""
