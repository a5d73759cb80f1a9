"""The account that the template promises: what it says, what AWS says, and the signed difference.

Here: reading the template, reading settings back, comparing. Not here: making anything (that is
CloudFormation's), and what a run needs at the moment (``entrypoints/doctor.py``).
"""
