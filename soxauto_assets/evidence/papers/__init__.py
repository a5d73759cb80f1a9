"""The papers of a package: what people read in it, made from its documents.

Here: the Excel workpaper and the HTML page. Every figure on them is taken out of a document of the
package by its file and path (``cited.py``), so neither can say what the documents do not. Not
here: the documents themselves (``evidence/documents.py``) and the page of a month
(``entrypoints/period_page.py``).
"""
