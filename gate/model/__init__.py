"""The words of the gate as frozen values: no I/O, standard library only."""
