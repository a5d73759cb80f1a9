"""The offline verifier of packages. Imports no other room, neither dagster nor boto3.

It trusts nothing of the product: it has its own reader of the manifest and its own computation
of every figure, written from ``docs/package-format.md`` and ``docs/content-digest.md``.
"""

from soxauto_assets.verify.findings import Finding, Verification, VerificationReport
from soxauto_assets.verify.package import verify_package

__all__ = ["Finding", "Verification", "VerificationReport", "verify_package"]
