"""Tests of the embedded warehouse."""
