// Package export writes a campaign for the tools of others: its records as Parquet, and a
// workbook with the sheets that a safety assessor fills in and files. It reads failure
// modes back from a filled sheet.
package export
