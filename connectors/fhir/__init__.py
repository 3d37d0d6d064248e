"""FHIR R4: resources, bundles and NDJSON lines into canonical facts. `reader.FhirReader` is the door for what arrives,
`bundle.read_bundle` the one for bundles that are judged without a store.
"""
