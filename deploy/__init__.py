"""How GridWhistle is run: the command line, the stack for one machine, and the files other platforms take."""
