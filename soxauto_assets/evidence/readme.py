"""The README of a package: what the folder is, in plain words, for whoever opens it in ten years.

Here: the text. It says only what stays true without the product; figures stand in the documents.
"""

from __future__ import annotations

import textwrap

from soxauto_assets.evidence.canonical import utc_text
from soxauto_assets.evidence.contents import PackageContents
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.store.layout import AttemptAddress

_DOCUMENTS = """\
  package.html             All of this as one page, for any browser; made from the files below.
  workpaper.xlsx           The workpaper: every figure with the file and field it comes from.
  manifest.json            The list of all files with their SHA-256 and size, the verdict and the
                           main figures; an in-toto Statement (version 1) in canonical JSON.
  manifest.dsse.json       The same bytes with their signature (DSSE). With it the package
                           exists; a folder without it is none.
  time.tsr                 A trusted time stamp (RFC 3161) over manifest.dsse.json, where
                           manifest.json claims one under "time". It may come later.
  data/extract.parquet     The extract, complete and as the source gave it, but for what
                           personal-data.json says. Missing where the attempt did not get it
                           whole. Opens with any Parquet reader.
  personal-data.json       What was done with each column of personal data, and why.
  data/content-digest.txt  One digest for each column of the extract. Its own SHA-256 is the
                           content digest, the same whatever file the same rows are stored in.
  sql/query.sql            The query as it was sent to the source. sql/controls/ holds the
                           statements that read the control totals in the same snapshot,
                           sql/catalogue/ both as they were written and reviewed (T-SQL).
  parameters.json          The values that the statements were given, by name and as bound.
  source.json              What the source said of itself: product, server, databases, login,
                           isolation level, its clock beside ours.
  controls.json            The control totals, witnesses and findings that the source returned.
  checks.json              Every check: what was expected, what was found, verdict, cause.
  failing_rows.json        The first failing rows of each check; personal data masked with ***.
  schema.json              The report as declared and its columns: meaning, source, type, and
                           whether they show the state at the cut-off or at the extraction.
  baseline.json            What was tested and approved, by whom, until when, signed; and whether
                           the report is still that, or what changed, clause by clause.
  lineage.json             From which source columns each column is made.
  environment.json         The software, machine and user that made the extract.
  log.jsonl                The execution log, one record a line.
"""

_HOW_TO_VERIFY = """\
With the product, on any machine and without a network:

  soxauto verify <this folder> --trust <your trust file>

It checks who signed it and when, reads every byte, and recomputes from the data the row count,
the totals, the uniqueness of the key, the cut-off, the schema and the content digest, compares
them with the control totals of the source, and names the first thing that differs.

By hand: take the SHA-256 of each file (sha256sum on Linux, CertUtil -hashfile on Windows) and
compare it with the "subject" list of manifest.json. Amounts are exact decimals, written as text.
"""

_LIMITS = """\
The signature is by the key that manifest.json names under "signer". Whose key that is, this
folder cannot prove: compare it with the trust file that you keep. Without one the key vouches for
itself. Where manifest.json claims no trusted time, every moment in here is the product's own clock.
"""


def readme(contents: PackageContents, address: AttemptAddress) -> str:
    """The text of ``README.txt`` (wrapped at 100 characters, LF line ends)."""
    entry = contents.entry
    title = "a report whose declaration could not be read" if entry is None else entry.report.title
    control = "" if entry is None else f"Control:  {entry.report.control}\n"
    return "\n".join(
        [
            f"EVIDENCE PACKAGE: {address.report}, {title}, period {address.period}",
            "",
            f"Verdict:  {contents.verdict.value}",
            f"{control}Cut-off:  rows before {address.period.next_start:%Y-%m-%d} 00:00 of the "
            "source's wall clock count",
            f"Attempt:  {address.attempt}, started {utc_text(contents.started)} by {contents.who}",
            f"Run:      {contents.run_id}",
            "",
            *textwrap.wrap(_result(contents), 100),
            "",
            "WHAT IS IN THIS FOLDER",
            "",
            _DOCUMENTS,
            "HOW TO VERIFY IT",
            "",
            _HOW_TO_VERIFY,
            "WHAT IT DOES NOT PROVE",
            "",
            _LIMITS,
        ]
    )


def _result(contents: PackageContents) -> str:
    if contents.verdict is AttemptVerdict.PASS:
        return (
            "Every check that applies to this report was run and passed; those that do not apply "
            "are named in checks.json with the reason."
        )
    if contents.verdict is AttemptVerdict.INTERRUPTED:
        return (
            f"The attempt ended without closing itself: {contents.cause} It was closed in its "
            f"place by {contents.closed_by or 'the next start of the product'}. Files that it had "
            "written before it ended are listed in the manifest with a note; nothing was "
            "concluded from them."
        )
    return f"The attempt failed: {contents.cause}"
