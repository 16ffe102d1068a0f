"""Pure format parsers: bytes in, values out. A reader never opens a file."""
