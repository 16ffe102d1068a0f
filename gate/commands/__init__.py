"""One module per command of the command line, each imported when it is called."""
