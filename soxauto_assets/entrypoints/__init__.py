"""Where people and schedulers come in: the command line and its bindings."""
