"""Measures as others read them: FHIR MeasureReports, gaps in care, tables. Pure: values in, plain values out."""
