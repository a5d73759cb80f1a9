"""The review of a control: the workbook that asks, the answers that come back, and the page.

Here: what people see of a month's control and what they say to it. Not here: the control itself
(the modules beside this folder), Dagster, and the command line.
"""
