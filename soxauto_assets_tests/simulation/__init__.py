"""The deterministic fault simulation of an attempt; ``world.py`` says what is simulated."""
