"""The one place that knows every room: it reads files, opens stores and sockets, and hands each room what it needs."""
