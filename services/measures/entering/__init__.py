"""From facts to items: each fact is matched with value sets and put on its local day once, when it enters."""
