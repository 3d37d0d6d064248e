"""The nouns: frozen values that every room shares. They know nothing of clocks, disks or wires."""
