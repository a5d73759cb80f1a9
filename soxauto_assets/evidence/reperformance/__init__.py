"""Re-performance: the query of a current package, run again and compared with what it gave.

``packaged.py`` reads the package, ``comparing.py`` finds the differences, ``documents.py`` writes
them down, ``performing.py`` does it all in order.
"""
