"""The results as tables: in Glue for Athena, in Redshift as an option, in DuckDB on the laptop."""
