"""The offline verifier of packages. Imports no other room, neither dagster nor boto3."""
